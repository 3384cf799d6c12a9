"""Changes of a workflow, one by one: from its trace, or from the live feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..model.records import Change, Record
from ..model.timestamps import required_time
from ..model.trace_kinds import STATE_AFTER


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """A change: what happened to which step (``field``: see Keys), in which attempt."""

    at: datetime
    what: str
    field: str
    activation: int
    attempt: int
    detail: str

    @property
    def step(self) -> int | None:
        """The step, None if it is about the workflow."""
        return int(self.field.partition("@")[0]) if self.field else None

    @property
    def scope(self) -> str:
        """The scope of the item that the step ran for, empty for none."""
        return self.field.partition("@")[2]

    @property
    def state(self) -> str:
        """The state afterwards: of the step, or of this item of it; of the workflow if it is about
        that. Empty if it left the state as it was, such as an end that came late.
        """
        return STATE_AFTER.get(self.what, "") if self.field else self.what


def trace_entry(record: Record) -> TraceEntry:
    """A change as it is stored."""
    return TraceEntry(
        at=required_time(record[Change.AT]),
        what=record[Change.WHAT],
        field=record[Change.STEP],
        activation=record[Change.ACTIVATION],
        attempt=record[Change.ATTEMPT],
        detail=record[Change.DETAIL] or "",
    )
