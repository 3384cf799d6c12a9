"""Ending a task by hand, when its work was done elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model.errors import UnknownStep
from ..model.json_values import ABSENT

if TYPE_CHECKING:
    from ..client import Client


def end_task(
    client: Client,
    workflow: str,
    index: int,
    *,
    name: str | None = None,
    status: str = "SUCCESS",
    output: Any = ABSENT,
    reason: str | None = None,
    token: str | None = None,
) -> str:
    """Write the end of a step's task; return the event's id. A worker applies it.

    Without ``output`` what lies at the step's key counts, else it is ``{}``; None is null.
    ``token`` names the attempt, without it the oldest open one is meant. ``name``, if it is given,
    must be the step's. Raises UnknownWorkflow, UnknownStep.
    """
    view = client.state(workflow)
    actual = view.steps[index].name if 0 <= index < len(view.steps) else None
    if actual is None or name not in (None, actual):
        there = f"step {index} is {actual}" if actual else f"it has {len(view.steps)} steps"
        called = f" ({name})" if name else ""
        raise UnknownStep(f"{view.id} has no step {index}{called}: {there}")
    optional = {"reason": reason, "token": token}
    given = {field: value for field, value in optional.items() if value is not None}
    if output is not ABSENT:
        given["output"] = output
    fields = {"workflow": view.id, "index": index, "name": actual, "status": status, **given}
    return client.send_event("end-task", fields)
