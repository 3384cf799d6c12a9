"""What a workflow looks like from outside: read from Redis, never changed by looking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgpack
import redis

from littleflow_redis.language import Flow, Step, StepKind

from . import values
from .errors import UnknownWorkflow
from .flows import Flows
from .keys import OUTPUT, STATE, STEPS, TRACE, Keys
from .records import UNTOUCHED, Attempt, Change, Dynamic, Record, Wait
from .states import StepState, WorkflowState


@dataclass(frozen=True, slots=True)
class StepView:
    """One step. Times are UTC, None if it did not come to that; ``started`` is when somebody took
    it up, or when it was handed out if nobody said so. ``attempts`` and ``reason`` are those of the
    latest activation; ``waiting`` counts the inputs that arrived for the next one. ``waits`` is a
    sentence on what a step in the state waiting waits for, ``note`` what the worker of its oldest
    open attempt tells of it.
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


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """One workflow: ``id`` is the full one, ``output`` is None until it FINISHED."""

    id: str
    name: str | None
    state: WorkflowState
    reason: str
    created: datetime
    ended: datetime | None
    steps: tuple[StepView, ...]
    output: Any

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it failed, a sentence per failed step, or its own reason if no step failed."""
        failed = [step for step in self.steps if step.state is StepState.FAILED]
        sentences = tuple(f"step {s.index} ({s.name}): {s.reason}" for s in failed)
        return sentences or ((self.reason,) if self.reason else ())


@dataclass(frozen=True, slots=True)
class Summary:
    """A row of a listing. ``done`` of ``total`` steps are over: ended or skipped, or within a
    subflow that ran per item and is over.
    """

    id: str
    name: str | None
    state: WorkflowState
    created: datetime
    ended: datetime | None
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """A change: what happened to which step (``field``: see Keys), in which attempt."""

    at: datetime
    what: str
    field: str
    activation: int
    attempt: int
    detail: str


class Views:
    """Reads workflows. Every method raises UnknownWorkflow where there is none."""

    def __init__(self, client: redis.Redis, keys: Keys, flows: Flows) -> None:
        self._client = client
        self._keys = keys
        self._flows = flows

    def state(self, workflow: str) -> WorkflowState:
        raw: Any = self._client.get(workflow + STATE)
        if raw is None:
            raise UnknownWorkflow(workflow)
        return WorkflowState(raw.decode())

    def flow(self, workflow: str) -> Flow:
        try:
            return self._flows.of(workflow)
        except LookupError:
            raise UnknownWorkflow(workflow) from None

    def workflow(self, workflow: str) -> WorkflowView:
        """Everything about one workflow but the outputs of its steps."""
        flow = self.flow(workflow)
        with self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(workflow, "name", "reason", "created", "ended")
            pipe.get(workflow + STATE)
            pipe.hgetall(workflow + STEPS)
            pipe.get(f"{workflow}{OUTPUT}{len(flow) - 1}")
            about, state, steps, output = pipe.execute()
        if state is None or about[2] is None:
            raise UnknownWorkflow(workflow)
        return WorkflowView(
            id=workflow,
            name=about[0].decode() or None,
            state=WorkflowState(state.decode()),
            reason=about[1].decode(),
            created=required_time(about[2]),
            ended=_time(about[3]),
            steps=tuple(_step_views(flow, steps)),
            output=values.load(output) if state == b"FINISHED" and output else None,
        )

    def outputs(self, workflow: str, indexes: Sequence[int]) -> list[Any]:
        """The latest outputs of these steps, None where there is none."""
        keys = [f"{workflow}{OUTPUT}{index}" for index in indexes]
        found = self._client.mget(keys) if keys else []
        return [None if text is None else values.load(text) for text in found]

    def trace(self, workflow: str, start: int = 0, stop: int = -1) -> Iterator[TraceEntry]:
        """The changes from the oldest on; ``start`` and ``stop`` as in LRANGE."""
        self.state(workflow)
        entries: Any = self._client.lrange(workflow + TRACE, start, stop)
        for raw in entries:
            record = Record(raw)
            yield TraceEntry(
                at=required_time(record[Change.AT]),
                what=record[Change.WHAT],
                field=record[Change.STEP],
                activation=record[Change.ACTIVATION],
                attempt=record[Change.ATTEMPT],
                detail=record[Change.DETAIL] or "",
            )

    def list(
        self, state: WorkflowState | None = None, start: int = 0, size: int = 50
    ) -> Sequence[Summary]:
        """Workflows, newest first, in two round trips at most however many there are."""
        index = self._keys.index + (f":{state}" if state else "")
        found: Any = self._client.zrevrange(index, start, start + size - 1)
        return self.summaries([id.decode() for id in found])

    def summaries(self, ids: Sequence[str]) -> Sequence[Summary]:
        """Rows of these workflows, by full id; those that are gone are left out."""
        if not ids:
            return []
        with self._client.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hmget(id, "name", "created", "ended", "done", "last")
                pipe.get(id + STATE)
            rows = pipe.execute()
        return [
            Summary(
                id=id,
                name=about[0].decode() or None,
                state=WorkflowState(now.decode()),
                created=required_time(about[1]),
                ended=_time(about[2]),
                done=int(about[3]),
                total=int(about[4]) + 1,
            )
            for id, about, now in zip(ids, rows[::2], rows[1::2], strict=True)
            if about[1] is not None and now is not None
        ]


def label(step: Step) -> str:
    """How a step is called in tables: its name, or what it is."""
    return step.name or step.kind.value


def _step_views(flow: Flow, steps: Mapping[bytes, bytes]) -> Iterator[StepView]:
    """Every step as it stands; one that only runs under iterations is seen as one."""
    items: dict[int, list[tuple[str, Record]]] = {}
    for field, packed in steps.items():
        index, at, scope = field.decode().partition("@")
        if at and index.isdigit():
            items.setdefault(int(index), []).append((scope, Record(packed)))
    for step in flow.steps:
        own = steps.get(str(step.index).encode())
        records = [("", Record(own))] if own else items.get(step.index) or [("", _UNTOUCHED)]
        inner = [] if not own else [record for _, record in items.get(step.index, ())]
        yield _step_view(step, records, inner, int(steps.get(f"t{step.index}".encode(), 0)))


def _step_view(
    step: Step, records: Sequence[tuple[str, Record]], inner: Sequence[Record], waiting: int
) -> StepView:
    scope, record = min(records, key=_urgency)
    state = StepState(record[Dynamic.STATE])
    reason = record[Dynamic.REASON]
    every = [record for _, record in records]
    return StepView(
        index=step.index,
        name=label(step),
        kind=step.kind,
        base=step.base,
        state=state,
        queued=_time(min(r[Dynamic.QUEUED] for r in every)),
        started=_time(min(r[Dynamic.STARTED] or r[Dynamic.QUEUED] for r in every)),
        ended=_time(max(r[Dynamic.ENDED] for r in every)) if state.over else None,
        activations=sum(r[Dynamic.ACTIVATIONS] for r in every),
        attempts=max(r[Dynamic.ATTEMPTS] for r in every),
        open=sum(len(r[Dynamic.OPEN]) for r in (*every, *inner)),
        waiting=waiting,
        reason=f"item {scope}: {reason}" if reason and scope else reason,
        waits=_waits(record) if state is StepState.WAITING else "",
        note=next(filter(None, map(note_of, record[Dynamic.OPEN])), ""),
    )


def _waits(record: Record) -> str:
    """What the oldest of its waits waits for, in words."""
    for attempt in record[Dynamic.OPEN]:
        wait = attempt[Attempt.WAIT - 1] if len(attempt) >= Attempt.WAIT else None
        if not wait:
            continue
        kind, match, due = wait[Wait.KIND - 1], wait[Wait.MATCH - 1], _time(wait[Wait.DUE - 1])
        event = f" for event {kind}{match and f' with {match}'}" if kind else ""
        until = f"{event and ','} until {due:%Y-%m-%d %H:%M:%S}" if due else ""
        return f"waits{event}{until}"
    return ""


def note_of(attempt: Sequence[Any]) -> str:
    """What the worker of an open attempt tells of it, in words."""
    note = attempt[Attempt.NOTE - 1] if len(attempt) >= Attempt.NOTE else None
    if not note:
        return ""
    retries, text = note
    return f"Celery retry {retries}" + (f": {text}" if text else "") if retries else text


def _urgency(item: tuple[str, Record]) -> tuple[int, list[int]]:
    scope, record = item
    place = [int(number) for number in scope.split(".")] if scope else []
    return _URGENCY.index(record[Dynamic.STATE]), place


#: Of the items of one step, which state stands for the step: the first of these that one has.
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

_UNTOUCHED = Record(msgpack.packb(UNTOUCHED))


def required_time(ms: bytes | int | float) -> datetime:
    """A time in ms since 1970 as UTC."""
    return datetime.fromtimestamp(float(ms) / 1000, UTC)


def _time(ms: bytes | int | float | None) -> datetime | None:
    return required_time(ms) if ms is not None and float(ms) > 0 else None
