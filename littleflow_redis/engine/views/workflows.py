"""Read-only views of workflows and their steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from littleflow_redis.language import Flow

from ..model import json_values
from ..model.errors import UnknownStep, UnknownWorkflow
from ..model.records import Record
from ..model.states import StepState, WorkflowState
from ..model.timestamps import optional_time, required_time
from ..store.context import EngineContext
from ..store.keys import OUTPUT, STATE, STEPS, TRACE
from ..store.rows import read_rows
from .steps import StepView, one_step, step_views
from .trace import TraceEntry, trace_entry


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
        """The reasons of its failure, each with its first step and how many others have it.

        Its own if no step failed.
        """
        failed: dict[str, list[StepView]] = {}
        for step in self.steps:
            if step.state is StepState.FAILED:
                failed.setdefault(step.reason, []).append(step)
        sentences = tuple(f"{_named(steps)}: {reason}" for reason, steps in failed.items())
        return sentences or ((self.reason,) if self.reason else ())


def _named(steps: Sequence[StepView]) -> str:
    """The first of these steps, and the number of the others."""
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    return f"step {steps[0].index} ({steps[0].name}){more}"


@dataclass(frozen=True, slots=True)
class Summary:
    """A row of a listing.

    ``done`` of ``total`` steps have ended or were skipped. The end of a per-item subflow also
    counts the steps inside it.
    """

    id: str
    name: str | None
    state: WorkflowState
    created: datetime
    ended: datetime | None
    done: int
    total: int


class WorkflowReader:
    """Reads workflows. Every method raises UnknownWorkflow where there is none."""

    def __init__(self, context: EngineContext) -> None:
        self._redis = context.redis
        self._keys = context.keys
        self._flows = context.flows

    def state(self, workflow: str) -> WorkflowState:
        raw: Any = self._redis.get(workflow + STATE)
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
        with self._redis.pipeline(transaction=True) as pipe:
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
            ended=optional_time(about[3]),
            steps=tuple(step_views(workflow, flow, steps)),
            output=json_values.load(output) if state == b"FINISHED" and output else None,
        )

    def step(self, workflow: str, index: int) -> StepView:
        """One step. Raises UnknownStep too."""
        flow = self.flow(workflow)
        if not 0 <= index < len(flow):
            raise UnknownStep(
                f"{workflow} has no step {index}: they are numbered from 0 to {len(flow) - 1}"
            )
        fields: Any = self._redis.hgetall(workflow + STEPS)
        return one_step(workflow, flow, index, fields)

    def outputs(self, workflow: str, indexes: Sequence[int | str]) -> list[Any]:
        """The latest outputs of these steps, or fields (see Keys); None where there is none."""
        keys = [f"{workflow}{OUTPUT}{index}" for index in indexes]
        found = self._redis.mget(keys) if keys else []
        return [None if text is None else json_values.load(text) for text in found]

    def trace(self, workflow: str, start: int = 0, stop: int = -1) -> Iterator[TraceEntry]:
        """The changes from the oldest on; ``start`` and ``stop`` as in LRANGE."""
        self.state(workflow)
        entries: Any = self._redis.lrange(workflow + TRACE, start, stop)
        return map(trace_entry, map(Record, entries))

    def list(
        self, state: WorkflowState | None = None, start: int = 0, size: int = 50
    ) -> Sequence[Summary]:
        """Workflows, newest first, in two round trips at most however many there are."""
        index = self._keys.index + (f":{state}" if state else "")
        found: Any = self._redis.zrevrange(index, start, start + size - 1)
        return self.summaries([id.decode() for id in found])

    def summaries(self, ids: Sequence[str]) -> Sequence[Summary]:
        """Rows of these workflows, by full id; those that are gone are left out."""
        if not ids:
            return []
        with self._redis.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hmget(id, "name", "created", "ended", "done", "last")
                pipe.get(id + STATE)
            rows = read_rows(pipe, 2)
        return [
            Summary(
                id=id,
                name=about[0].decode() or None,
                state=WorkflowState(now.decode()),
                created=required_time(about[1]),
                ended=optional_time(about[2]),
                done=int(about[3]),
                total=int(about[4]) + 1,
            )
            for id, (about, now) in zip(ids, rows, strict=True)
            if about[1] is not None and now is not None
        ]
