"""One action on many workflows, reported one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ..model.errors import LittleflowError
from ..views.listing import Query

if TYPE_CHECKING:
    from ..client import Client

#: Workflows that one call acts on at most.
MOST = 1_000

#: Workflows that are looked for at a time.
_PAGE = 200


class Action(StrEnum):
    """The action on each workflow."""

    TERMINATE = "terminate"
    RESTART = "restart"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The result for one workflow: its full id, whether it was done, and a sentence."""

    workflow: str
    done: bool
    message: str


def select_workflows(client: Client, query: Query, limit: int = MOST) -> tuple[Sequence[str], bool]:
    """Full ids of up to ``limit`` workflows that a query describes, and if there are more."""
    found: list[str] = []
    cursor = ""
    while len(found) < limit:
        ids, cursor = client.listing.ids(query, cursor, min(_PAGE, limit - len(found)))
        found += ids
        if not cursor:
            break
    return found, bool(cursor)


def run_bulk(client: Client, action: Action, workflows: Iterable[str]) -> list[BulkResult]:
    """Run the action on each; a failure does not stop the others."""
    return [_one(client, action, workflow) for workflow in workflows]


def _one(client: Client, action: Action, workflow: str) -> BulkResult:
    try:
        match action:
            case Action.TERMINATE:
                message = f"it is {client.terminate(workflow)}"
            case Action.RESTART:
                message = f"it is {client.restart(workflow)}"
            case Action.DELETE:
                client.delete(workflow)
                message = "it is deleted"
    except LittleflowError as error:
        return BulkResult(workflow, False, str(error))
    return BulkResult(workflow, True, message)
