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
from .records import Change, Dynamic, Record
from .states import StepState, WorkflowState


@dataclass(frozen=True, slots=True)
class StepView:
    """One step. Times are UTC, None if it did not come to that; ``started`` is when somebody took
    it up, or when it was handed out if nobody said so. ``attempts`` and ``reason`` are those of the
    latest activation; ``waiting`` counts the inputs that arrived for the next one.
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
    """A row of a listing. ``done`` of ``total`` steps have ended at least once."""

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
        raw = self._client.get(workflow + STATE)
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
            created=_required_time(about[2]),
            ended=_time(about[3]),
            steps=tuple(_step_view(step, steps) for step in flow.steps),
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
        for raw in self._client.lrange(workflow + TRACE, start, stop):
            record = Record(raw)
            yield TraceEntry(
                at=_required_time(record[Change.AT]),
                what=record[Change.WHAT],
                field=record[Change.STEP],
                activation=record[Change.ACTIVATION],
                attempt=record[Change.ATTEMPT],
                detail=record[Change.DETAIL] or "",
            )

    def list(
        self, state: WorkflowState | None = None, start: int = 0, size: int = 50
    ) -> list[Summary]:
        """Workflows, newest first, in four round trips at most however many there are."""
        index = self._keys.index + (f":{state}" if state else "")
        ids = [id.decode() for id in self._client.zrevrange(index, start, start + size - 1)]
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
                created=_required_time(about[1]),
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


def _step_view(step: Step, steps: Mapping[bytes, bytes]) -> StepView:
    field = str(step.index).encode()
    packed = steps.get(field)
    record = Record(packed) if packed else Record(_UNTOUCHED)
    started = record[Dynamic.STARTED] or record[Dynamic.QUEUED]
    return StepView(
        index=step.index,
        name=label(step),
        kind=step.kind,
        base=step.base,
        state=StepState(record[Dynamic.STATE]),
        queued=_time(record[Dynamic.QUEUED]),
        started=_time(started),
        ended=_time(record[Dynamic.ENDED]) if StepState(record[Dynamic.STATE]).over else None,
        activations=record[Dynamic.ACTIVATIONS],
        attempts=record[Dynamic.ATTEMPTS],
        open=len(record[Dynamic.OPEN]),
        waiting=int(steps.get(b"t" + field, 0)),
        reason=record[Dynamic.REASON],
    )


#: Record of a step that nothing has reached yet.
_UNTOUCHED: bytes = msgpack.packb([StepState.IDLE, 0, 0, 0, 0, 0, "", []])


def _required_time(ms: bytes | int | float) -> datetime:
    return datetime.fromtimestamp(float(ms) / 1000, UTC)


def _time(ms: bytes | int | float | None) -> datetime | None:
    return _required_time(ms) if ms is not None and float(ms) > 0 else None
