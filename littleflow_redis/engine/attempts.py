"""Every attempt of every step, and what steps wait for: read from the trace and the timers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import redis

from . import values
from .keys import STEPS, TIMERS, Keys
from .records import Attempt, Dynamic, Record
from .states import StepState, WorkflowState
from .timers import Timer, TimerKind
from .views import TraceEntry, required_time

#: Changes by which an attempt is closed.
_CLOSES = frozenset({"end", "continue", "fail", "retry", "requeue", "cancel"})


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt. Times are UTC; ``started`` is None if nobody said that it took it up, ``ended``
    while it is open. ``result`` is how it was closed: ``end``, ``fail`` (finally), ``continue``
    (failed, and the workflow goes on), ``retry``, ``requeue`` (nobody took it) or ``cancel``;
    empty while it is open. ``scope`` is that of an item, ``worker`` whoever said so of itself,
    ``celery_id`` that of the Celery task that a bridge published for it.
    """

    index: int
    scope: str
    activation: int
    number: int
    queued: datetime
    started: datetime | None = None
    ended: datetime | None = None
    worker: str = ""
    result: str = ""
    reason: str = ""
    traceback: str = ""
    celery_id: str = ""


@dataclass(frozen=True, slots=True)
class WaitView:
    """What a step waits for. ``state`` is ready, queued, running, waiting or retrying; ``since``
    when, ``due`` when that ends by itself, if it does. ``number`` is the attempt; ``owner`` is the
    group that took it.
    """

    index: int
    scope: str
    state: StepState
    number: int
    since: datetime | None
    due: datetime | None
    owner: str = ""


def attempts(trace: Iterable[TraceEntry]) -> list[AttemptView]:
    """Fold the trace into its attempts, in the order in which they were handed out."""
    found: dict[tuple[str, int, int], AttemptView] = {}
    open_: set[tuple[str, int, int]] = set()
    for entry in trace:
        key = (entry.field, entry.activation, entry.attempt)
        if entry.what == "queue" and entry.field:
            found[key] = _handed_out(entry)
            open_.add(key)
        elif entry.what in ("take", "publish", "wait") and key in open_:
            found[key] = _taken(found[key], entry)
        elif entry.what in _CLOSES and key in open_:
            open_.remove(key)
            found[key] = _closed(found[key], entry)
        elif not entry.field and entry.what in (WorkflowState.FINISHED, WorkflowState.TERMINATED):
            # Restored from an archive: what was open there was closed by that.
            for left in open_:
                found[left] = replace(found[left], ended=entry.at, result="cancel")
            open_.clear()
    return list(found.values())


def _handed_out(entry: TraceEntry) -> AttemptView:
    index, _, scope = entry.field.partition("@")
    return AttemptView(int(index), scope, entry.activation, entry.attempt, entry.at)


def _taken(attempt: AttemptView, entry: TraceEntry) -> AttemptView:
    # Of a wait the detail says for what. A receipt that follows a publication says nothing new.
    detail = entry.detail if entry.what != "wait" else ""
    told = _object(detail) or {"worker": detail}
    return replace(
        attempt,
        started=attempt.started if entry.what == "publish" else entry.at,
        worker=str(told.get("worker", "")) or attempt.worker,
        celery_id=str(told.get("celery_id", "")) or attempt.celery_id,
    )


def _closed(attempt: AttemptView, entry: TraceEntry) -> AttemptView:
    reason, worker, traceback = _told(entry.detail)
    return replace(
        attempt,
        ended=entry.at,
        result=entry.what,
        reason=reason,
        worker=worker or attempt.worker,
        traceback=traceback,
    )


def _told(detail: str) -> tuple[str, str, str]:
    """Reason, worker and traceback in the detail of a change: JSON, or a sentence."""
    told = _object(detail)
    if told is None:
        return detail, "", ""
    error = told.get("error")
    error = error if isinstance(error, Mapping) else {}
    reason = told.get("reason") or ""
    return str(reason), str(told.get("worker", "")), str(error.get("traceback", ""))


def _object(detail: str) -> Mapping[str, Any] | None:
    try:
        told = values.load(detail) if detail.startswith("{") else None
    except values.BadValue:
        told = None
    return told if isinstance(told, Mapping) else None


def waits(
    client: redis.Redis, keys: Keys, workflow: str, trace: Iterable[TraceEntry]
) -> list[WaitView]:
    """What each step that has begun and is not over waits for, by index; ``workflow``: full id."""
    with client.pipeline(transaction=True) as pipe:
        pipe.hgetall(workflow + STEPS)
        pipe.smembers(workflow + TIMERS)
        steps, members = pipe.execute()
    named = sorted(members)
    scores: Any = client.zmscore(keys.timers, named) if named else []
    timers = {m: s for m, s in zip(named, scores, strict=True) if s is not None}
    return _waits(steps, timers, trace)


def _waits(
    steps: Mapping[bytes, bytes], timers: Mapping[bytes, float], trace: Iterable[TraceEntry]
) -> list[WaitView]:
    due = {timer: score for member, score in timers.items() if (timer := _read(member))}
    since = {(e.field, e.what): e.at for e in trace if e.what in ("ready", "retry")}
    records = {
        name.decode(): Record(packed) for name, packed in steps.items() if name[:1].isdigit()
    }
    found: list[WaitView] = []
    for name, record in records.items():
        for attempt in record[Dynamic.OPEN] or ():
            found.append(_open(name, StepState(record[Dynamic.STATE]), attempt, due))
    for timer, at in due.items():
        if timer.kind.fires and timer.field in records:
            what = "retry" if timer.kind is TimerKind.RETRY else "ready"
            number = int(records[timer.field][Dynamic.ATTEMPTS]) + 1
            state = StepState.RETRYING if what == "retry" else StepState.READY
            begun = since.get((timer.field, what))
            found.append(
                WaitView(timer.index, timer.scope, state, number, begun, required_time(at))
            )
    return sorted(found, key=lambda wait: (wait.index, wait.scope, wait.number))


def _read(member: bytes) -> Timer | None:
    try:
        return Timer.read(member)
    except ValueError:
        # Of a newer version, which knows more kinds.
        return None


def _open(name: str, state: StepState, attempt: Any, due: Mapping[Timer, float]) -> WaitView:
    index, _, scope = name.partition("@")
    token, taken = attempt[Attempt.TOKEN - 1], attempt[Attempt.TAKEN - 1]
    if not taken:
        state = StepState.QUEUED
    elif state is not StepState.WAITING:
        state = StepState.RUNNING
    ends = [at for timer, at in due.items() if timer.field == name and timer.rest == token]
    return WaitView(
        index=int(index),
        scope=scope,
        state=state,
        number=attempt[Attempt.NUMBER - 1],
        since=required_time(taken or attempt[Attempt.QUEUED - 1]),
        due=required_time(min(ends)) if ends else None,
        owner=attempt[Attempt.OWNER - 1],
    )
