"""Waits across workflows, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..model.errors import BadQuery, NewerVersion
from ..model.states import WorkflowState
from ..model.wait_kinds import WaitKind
from ..store.context import EngineContext
from ..store.keys import STEPS, TIMERS
from ..store.rows import read_rows
from .listing import MAX_SIZE, Listing, Page, Query
from .waits import WaitView, waits

#: Workflows looked at in one round trip.
WORKFLOWS = 50

#: Workflows that one page looks at, at most: those in which nothing waits are many.
LOOKED_AT = 500

_IN_PROGRESS = Query(states=(WorkflowState.RUNNING, WorkflowState.TERMINATING), sort="created")


class WaitListing:
    """Lists the waits of workflows in progress."""

    def __init__(self, context: EngineContext, listing: Listing) -> None:
        self._redis = context.redis
        self._keys = context.keys
        self._flows = context.flows
        self._listing = listing

    def page(self, cursor: str, size: int) -> Page[WaitView]:
        """A page of waits; the cursor is that of the workflows, and how many of the first to pass
        over. Raises BadQuery.
        """
        if not 1 <= size <= MAX_SIZE:
            raise BadQuery(f"a page has 1 to {MAX_SIZE} waits, not {size}")
        position, passed = _split(cursor)
        found: list[WaitView] = []
        for _ in range(LOOKED_AT // WORKFLOWS):
            ids, following = self._listing.ids(_IN_PROGRESS, position, WORKFLOWS)
            each = [wait for wait in self.of(ids) if wait.kind is not WaitKind.TASK][passed:]
            room = size - len(found)
            found += each[:room]
            if len(each) > room:
                return Page(found, f"{position}.{passed + room}")
            position, passed = following, 0
            if not position or len(found) == size:
                break
        return Page(found, position and f"{position}.0")

    def of(self, ids: Sequence[str]) -> list[WaitView]:
        """The waits of these workflows' steps, workflow by workflow."""
        with self._redis.pipeline(transaction=True) as pipe:
            for id in ids:
                pipe.hget(id, "flow")
                pipe.hgetall(id + STEPS)
                pipe.smembers(id + TIMERS)
            rows = read_rows(pipe, 3)
        due = self._due({member for *_, members in rows for member in members})
        found: list[WaitView] = []
        for id, (digest, steps, members) in zip(ids, rows, strict=True):
            try:
                flow = self._flows.get(digest.decode()) if digest else None
            except (LookupError, NewerVersion):
                # It was deleted meanwhile, or is a newer version's.
                continue
            if flow:
                timers = {member: due[member] for member in members if member in due}
                found += waits(id, flow, steps, timers)
        return found

    def _due(self, members: set[bytes]) -> dict[bytes, float]:
        named: Any = sorted(members)
        scores: Any = self._redis.zmscore(self._keys.timers, named) if named else []
        return {m: s for m, s in zip(named, scores, strict=True) if s is not None}


def _split(cursor: str) -> tuple[str, int]:
    position, _, passed = cursor.partition(".")
    if passed and not (passed.isascii() and passed.isdigit() and len(passed) < 10):
        raise BadQuery("this is no cursor: give the one that came with the last page")
    return position, int(passed or 0)
