"""Waits of steps: for an event, a latch, a time, or a worker that starts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from littleflow_redis.language import Flow, Step

from ..builtins import builtin_task
from ..model.records import AttemptRecord, Dynamic, Record, Wait
from ..model.states import StepState
from ..model.task_events import category_of
from ..model.timers import Timer, TimerKind
from ..model.timestamps import optional_time, required_time
from ..model.wait_kinds import WaitKind


@dataclass(frozen=True, slots=True)
class WaitView:
    """The wait of a step. ``workflow`` is the full id.

    ``on`` names its subject: the kind of the event, the latch, the category (or the base of a task
    without one), or the group that works on it. ``match``: the fields that the event has to match.
    ``state`` is ready, queued, running, waiting or retrying, ``since`` that time. ``due``: when the
    wait ends by itself, if it does. ``number`` is the attempt; ``owner`` is the group that took it.
    """

    workflow: str
    index: int
    name: str
    scope: str
    state: StepState
    number: int
    kind: WaitKind
    since: datetime | None
    due: datetime | None
    on: str = ""
    match: str = ""
    owner: str = ""

    @property
    def sentence(self) -> str:
        """The same for people."""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S}" if self.since else ""
        due = f"{self.due:%Y-%m-%d %H:%M:%S}" if self.due else ""
        until = f" until {due}" if due else ""
        match self.kind:
            case WaitKind.EVENT:
                match = f" with {self.match}" if self.match else ""
                return f"waits for event {self.on}{match}{until and ','}{until}"
            case WaitKind.CATEGORY:
                limit = until and f",{until}"
                return f"waits for whoever serves {self.on!r}{since}{limit}"
            case WaitKind.WORKER:
                return f"waits for a worker{since}"
            case WaitKind.TIMER if self.state is StepState.RETRYING:
                return f"attempt {self.number} at {due}"
            case WaitKind.TIMER:
                return f"waits{until}"
            case WaitKind.TASK:
                by = f" by {self.on}" if self.on else ""
                return f"taken{by}" + (f", to end by {due}" if due else "")
        return f"waits for {self.kind} {self.on}{since}"


def waits(
    workflow: str, flow: Flow, steps: Mapping[bytes, bytes], timers: Mapping[bytes, float]
) -> list[WaitView]:
    """The waits of each step that has begun and is not over, by index.

    ``steps``: the records of the workflow; ``timers``: its timers, with their due times.
    """
    due = {timer: at for member, at in timers.items() if (timer := _read(member))}
    ends: dict[tuple[str, str], float] = {}
    for timer, at in due.items():
        if not timer.kind.fires:
            place = (timer.field, timer.rest)
            ends[place] = min(at, ends.get(place, at))
    records = {
        name.decode(): Record(packed) for name, packed in steps.items() if name[:1].isdigit()
    }
    found = [
        _open(workflow, flow, name, record[Dynamic.STATE], attempt, ends)
        for name, record in records.items()
        for attempt in record[Dynamic.OPEN] or ()
    ]
    for timer, at in due.items():
        if timer.kind.fires and timer.field in records:
            found.append(_held(flow, timer, records[timer.field], at))
    return sorted(found, key=lambda wait: (wait.index, wait.scope, wait.number))


def first_wait(workflow: str, step: Step, scope: str, record: Record) -> WaitView | None:
    """The wait of the oldest attempt that the engine runs itself."""
    for attempt in record[Dynamic.OPEN] or ():
        if _wait(attempt):
            return _engines(workflow, step, scope, attempt, {})
    return None


def _read(member: bytes) -> Timer | None:
    try:
        return Timer.read(member)
    except ValueError:
        # A newer version, which knows more kinds, wrote it.
        return None


def _wait(attempt: Sequence[Any]) -> Sequence[Any]:
    return attempt[AttemptRecord.WAIT - 1] if len(attempt) >= AttemptRecord.WAIT else ()


def _held(flow: Flow, timer: Timer, record: Record, due: float) -> WaitView:
    """A step without an open attempt: it is ready, or is retried."""
    retried = timer.kind is TimerKind.RETRY
    return WaitView(
        workflow=timer.workflow,
        index=timer.index,
        name=flow[timer.index].label,
        scope=timer.scope,
        state=StepState.RETRYING if retried else StepState.READY,
        number=int(record[Dynamic.ATTEMPTS]) + 1,
        kind=WaitKind.TIMER if retried else WaitKind.WORKER,
        since=optional_time(record[Dynamic.ENDED if retried else Dynamic.QUEUED]),
        due=required_time(due),
    )


def _open(
    workflow: str,
    flow: Flow,
    name: str,
    state: str,
    attempt: Sequence[Any],
    ends: Mapping[tuple[str, str], float],
) -> WaitView:
    index, _, scope = name.partition("@")
    step, claimed_at = flow[int(index)], attempt[AttemptRecord.TAKEN - 1]
    if claimed_at and (_wait(attempt) or state == StepState.WAITING):
        return _engines(workflow, step, scope, attempt, ends)
    owner = attempt[AttemptRecord.OWNER - 1]
    category = category_of(step.base)
    return WaitView(
        workflow=workflow,
        index=step.index,
        name=step.label,
        scope=scope,
        state=StepState.RUNNING if claimed_at else StepState.QUEUED,
        number=attempt[AttemptRecord.NUMBER - 1],
        kind=WaitKind.TASK if claimed_at else WaitKind.CATEGORY,
        on=owner if claimed_at else category or step.base,
        since=required_time(claimed_at or attempt[AttemptRecord.QUEUED - 1]),
        due=optional_time(ends.get((name, attempt[AttemptRecord.TOKEN - 1]))),
        owner=owner,
    )


def _engines(
    workflow: str,
    step: Step,
    scope: str,
    attempt: Sequence[Any],
    ends: Mapping[tuple[str, str], float],
) -> WaitView:
    """An attempt that the engine runs itself."""
    wait = _wait(attempt)
    due, event, match, latch = _fields_of(wait)
    name = f"{step.index}@{scope}" if scope else str(step.index)
    return WaitView(
        workflow=workflow,
        index=step.index,
        name=step.label,
        scope=scope,
        state=StepState.WAITING,
        number=attempt[AttemptRecord.NUMBER - 1],
        # A record of an older version does not say what the attempt waits for.
        kind=builtin_task(step.base).waits_for if wait else WaitKind.TIMER,
        on=event or latch,
        match=match,
        since=optional_time(attempt[AttemptRecord.TAKEN - 1]),
        due=optional_time(due or ends.get((name, attempt[AttemptRecord.TOKEN - 1]))),
        owner=attempt[AttemptRecord.OWNER - 1],
    )


def _fields_of(wait: Sequence[Any]) -> tuple[int, str, str, str]:
    """Due (ms), the event's kind, the match, and the latch; an older record has fewer fields."""
    if not wait:
        return 0, "", "", ""
    latch = wait[Wait.LATCH - 1] if len(wait) >= Wait.LATCH else ""
    return wait[Wait.DUE - 1], wait[Wait.KIND - 1], wait[Wait.MATCH - 1], latch
