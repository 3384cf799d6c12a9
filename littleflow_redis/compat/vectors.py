"""Upstream's vectors, a number for each step: S, its open attempts; A, inputs that wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from littleflow_redis.engine.store.flow_codec import iterates
from littleflow_redis.engine.views.trace import TraceEntry
from littleflow_redis.engine.views.workflows import WorkflowView
from littleflow_redis.language import Flow, StepKind

#: What a change is called by which an attempt is closed, and by which a step hands on its output.
_CLOSES = frozenset({"end", "continue", "fail", "retry", "requeue", "cancel"})
_DELIVERS = frozenset({"end", "continue", "pass", "skip"})
#: The first change of an activation is one of these: it took the inputs.
_BEGINS = _DELIVERS | {"ready", "queue", "items", "fail"}
_FINAL = frozenset({"FINISHED", "TERMINATED"})


@dataclass(frozen=True, slots=True)
class Delta:
    """A change of a vector: the numbers of these steps grew by so much, or fell."""

    at: datetime
    steps: Mapping[int, int]


def vector(delta: Mapping[int, int], size: int) -> list[int]:
    """A change as a list with a number for each step."""
    numbers = [0] * size
    for index, number in delta.items():
        numbers[index] = number
    return numbers


def current(view: WorkflowView) -> tuple[list[int], list[int]]:
    """A and S as they are now."""
    return [step.waiting for step in view.steps], [step.open for step in view.steps]


def history(
    flow: Flow, view: WorkflowView, trace: Iterable[TraceEntry]
) -> tuple[list[Delta], list[Delta]]:
    """All changes of A and of S, oldest first; their sums are the result of :func:`current`."""
    story = _Story(flow)
    for entry in trace:
        story.add_entry(entry)
    for deltas, now in zip((story.arrived, story.started), current(view), strict=True):
        story.settle(deltas, now, view.created)
    return story.arrived, story.started


@dataclass(slots=True)
class _Story:
    flow: Flow
    arrived: list[Delta] = field(default_factory=list)
    started: list[Delta] = field(default_factory=list)
    _open: dict[tuple[str, int, int], int] = field(default_factory=dict)
    _seen: dict[int, int] = field(default_factory=dict)
    #: A, as far as it was told.
    _waiting: dict[int, int] = field(default_factory=dict)

    def add_entry(self, entry: TraceEntry) -> None:
        if entry.field:
            self._attempts(entry, int(entry.field.partition("@")[0]))
            if entry.field.isdecimal():
                self._inputs(entry, int(entry.field))
        elif entry.what in _FINAL and self._open:
            # Restored: what was open in the archive is so no more.
            counts: dict[int, int] = {}
            for index in self._open.values():
                counts[index] = counts.get(index, 0) - 1
            self.started.append(Delta(entry.at, counts))
            self._open.clear()

    def _attempts(self, entry: TraceEntry, index: int) -> None:
        key = (entry.field, entry.activation, entry.attempt)
        if entry.what == "queue":
            self._open[key] = index
            self.started.append(Delta(entry.at, {index: 1}))
        elif entry.what == "pass":
            self.started += (Delta(entry.at, {index: 1}), Delta(entry.at, {index: -1}))
        elif entry.what in _CLOSES and self._open.pop(key, None) is not None:
            self.started.append(Delta(entry.at, {index: -1}))

    def _inputs(self, entry: TraceEntry, index: int) -> None:
        step, seen = self.flow[index], self._seen.get(index, 0)
        if entry.what == "hold":
            self._seen[index] = entry.activation - 1
            self._arrive(entry, {index: step.threshold})
        elif entry.what in _BEGINS and entry.activation > seen:
            self._seen[index] = entry.activation
            # The end of a subflow that was skipped, or ran per item, took no inputs.
            whole = step.kind is StepKind.SUBFLOW_END and (
                entry.what == "skip" or iterates(self.flow, step)
            )
            # A round (`→ :start`) took what came back from within, which A does not tell of.
            if index and not whole and self._waiting.get(index, 0) >= step.threshold:
                self._arrive(entry, {index: -step.threshold})
        if entry.what in _DELIVERS and not (
            entry.what == "skip" and step.kind is StepKind.SUBFLOW_START
        ):
            flow = self.flow
            self._arrive(entry, {n: 1 for n in step.successors if index not in flow[n].back})

    def _arrive(self, entry: TraceEntry, steps: Mapping[int, int]) -> None:
        if steps:
            self.arrived.append(Delta(entry.at, steps))
        for index, number in steps.items():
            self._waiting[index] = self._waiting.get(index, 0) + number

    @staticmethod
    def settle(deltas: list[Delta], now: Sequence[int], created: datetime) -> None:
        """Add what the trace does not tell, such as inputs that a restart from a step took."""
        left = dict(enumerate(now))
        for delta in deltas:
            for index, number in delta.steps.items():
                left[index] -= number
        missing = {index: number for index, number in left.items() if number}
        if missing:
            deltas.append(Delta(deltas[-1].at if deltas else created, missing))
