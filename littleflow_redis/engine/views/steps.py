"""The steps of a workflow as they stand: read from their records, one view for each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgpack

from littleflow_redis.language import Flow, Json, Step, StepKind

from ..model.records import UNTOUCHED, AttemptRecord, Dynamic, Record
from ..model.states import StepState
from ..model.timestamps import optional_time
from ..store.flow_codec import depth
from .waits import first_wait


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """The items of an iteration: of ``total``, ``ended`` are over and ``failed`` have failed."""

    total: int
    ended: int
    failed: int


@dataclass(frozen=True, slots=True)
class StepView:
    """One step. Times are UTC, None if it did not come to that.

    ``started``: when a worker reported its start, else when it was emitted; None if it ended
    without a worker. ``attempts`` and ``reason`` are those of the latest activation; ``waiting``
    counts the inputs that arrived for the next one. ``waits`` describes the wait of a step in the
    state waiting; ``note`` is the progress that the worker of its oldest open attempt reported.
    ``line`` and ``column`` are those of the text, 0 without one. ``items`` is None if it runs once,
    not per item.
    """

    index: int
    name: str
    kind: StepKind
    base: str
    state: StepState
    queued: datetime | None
    started: datetime | None
    ended: datetime | None
    activations: int
    attempts: int
    open: int
    waiting: int
    reason: str
    waits: str = ""
    note: str = ""
    category: str = ""
    parameters: Json = None
    line: int = 0
    column: int = 0
    items: ItemCounts | None = None


@dataclass(frozen=True, slots=True)
class _Scoped:
    """The record of a step under a scope, which is that of the step, or of one of its items."""

    scope: str
    record: Record

    @property
    def levels(self) -> int:
        """The number of iterations that enclose it."""
        return self.scope.count(".") + 1 if self.scope else 0


#: The records of each step.
Records = Mapping[int, Sequence[_Scoped]]


def step_views(workflow: str, flow: Flow, fields: Mapping[bytes, bytes]) -> Iterator[StepView]:
    """Every step; one that only runs under iterations is seen as one. ``fields``: ``:steps``."""
    records = _records(fields)
    for step in flow.steps:
        yield step_view(workflow, flow, step, records, fields)


def one_step(workflow: str, flow: Flow, index: int, fields: Mapping[bytes, bytes]) -> StepView:
    """One step of them."""
    step = flow[index]
    last = step.partner if step.kind is StepKind.SUBFLOW_START else index
    wanted = range(index, last + 1)
    return step_view(workflow, flow, step, _records(fields, wanted), fields)


def _records(
    fields: Mapping[bytes, bytes], wanted: range | None = None
) -> dict[int, list[_Scoped]]:
    found: dict[int, list[_Scoped]] = {}
    for field, packed in fields.items():
        index, _, scope = field.partition(b"@")
        if index.isdigit() and (wanted is None or int(index) in wanted):
            found.setdefault(int(index), []).append(_Scoped(scope.decode(), Record(packed)))
    return found


def step_view(
    workflow: str, flow: Flow, step: Step, records: Records, fields: Mapping[bytes, bytes]
) -> StepView:
    found, levels = records.get(step.index, _NONE), depth(flow, step) if step.parent else 0
    own = [each for each in found if each.levels == levels] if found else [_NOTHING]
    first = own[0] if len(own) == 1 else min(own, key=_urgency, default=_NOTHING)
    record = first.record
    seen = record if len(own) == 1 else _together(record, own)
    state, reason = StepState(record[Dynamic.STATE]), record[Dynamic.REASON]
    wait = first_wait(workflow, step, first.scope, record) if state is StepState.WAITING else None
    queued, started = seen[Dynamic.QUEUED], seen[Dynamic.STARTED]
    if not started and state not in _UNTAKEN:
        started = queued
    return StepView(
        index=step.index,
        name=step.name or step.kind.value,
        kind=step.kind,
        base=step.base,
        state=state,
        queued=optional_time(queued) if queued else None,
        started=optional_time(started) if started else None,
        ended=optional_time(seen[Dynamic.ENDED]) if state in _OVER else None,
        activations=seen[Dynamic.ACTIVATIONS],
        attempts=seen[Dynamic.ATTEMPTS],
        # Built in Lua, an empty list may have been packed as an empty map.
        open=sum(len(each.record[Dynamic.OPEN]) for each in found) if found else 0,
        waiting=int(fields.get(b"t%d" % step.index, 0)),
        reason=f"item {first.scope}: {reason}" if reason and first.scope else reason,
        waits=wait.sentence if wait else "",
        note=next(filter(None, map(_note, record[Dynamic.OPEN])), ""),
        category=step.category,
        parameters=step.parameters,
        line=step.line,
        column=step.column,
        items=_items(step, own, levels, records) if step.iterate else None,
    )


def _together(first: Record, own: Sequence[_Scoped]) -> Record:
    """Combine the records of a step's items: earliest and latest times, and the number of runs."""
    every = [each.record for each in own] or [first]
    values: list[Any] = [first[member] for member in Dynamic]
    started = [r[Dynamic.STARTED] for r in every if r[Dynamic.STARTED]]
    for member, value in (
        (Dynamic.ACTIVATIONS, sum(r[Dynamic.ACTIVATIONS] for r in every)),
        (Dynamic.ATTEMPTS, max(r[Dynamic.ATTEMPTS] for r in every)),
        (Dynamic.QUEUED, min(r[Dynamic.QUEUED] for r in every)),
        (Dynamic.STARTED, min(started, default=0)),
        (Dynamic.ENDED, max(r[Dynamic.ENDED] for r in every)),
    ):
        values[member - 1] = value
    return Record.of(values)


def _items(step: Step, own: Sequence[_Scoped], levels: int, records: Records) -> ItemCounts:
    last = step.partner if step.kind is StepKind.SUBFLOW_START else step.index
    failed = {
        tuple(each.scope.split(".")[: levels + 1])
        for index in range(step.index, last + 1)
        for each in records.get(index, ())
        if each.levels > levels and each.record[Dynamic.STATE] == StepState.FAILED
    }
    return ItemCounts(
        total=sum(each.record[Dynamic.ITEMS] or 0 for each in own),
        ended=sum(each.record[Dynamic.DONE] or 0 for each in own),
        failed=len(failed),
    )


def _note(attempt: Sequence[Any]) -> str:
    """The progress that the worker of an open attempt reported, in words."""
    note = attempt[AttemptRecord.NOTE - 1] if len(attempt) >= AttemptRecord.NOTE else None
    if not note:
        return ""
    retries, text = note
    return f"Celery retry {retries}" + (f": {text}" if text else "") if retries else text


def _urgency(each: _Scoped) -> tuple[int, list[int]]:
    place = [int(number) for number in each.scope.split(".")] if each.scope else []
    return _URGENCY.index(each.record[Dynamic.STATE]), place


#: The state of a step with items: the first of these that one of its items has.
_URGENCY = (
    StepState.FAILED,
    StepState.RUNNING,
    StepState.QUEUED,
    StepState.RETRYING,
    StepState.WAITING,
    StepState.READY,
    StepState.CANCELLED,
    StepState.IDLE,
    StepState.ENDED,
    StepState.SKIPPED,
)

#: States in which a step without a reported start has not started.
_UNTAKEN = frozenset({StepState.READY, StepState.CANCELLED, StepState.FAILED})

_OVER = frozenset(state for state in StepState if state.over)

_NONE: Sequence[_Scoped] = ()

_NOTHING = _Scoped("", Record(msgpack.packb(UNTOUCHED)))
