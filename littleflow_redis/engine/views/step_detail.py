"""One step in detail: what went in, what came out, and every attempt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from littleflow_redis.language import MergeError, StepKind

from ..model import json_values
from ..model.typed_values import read
from ..store.inputs import Inputs
from .attempts import AttemptView, attempts
from .steps import StepView
from .trace import TraceEntry
from .workflows import WorkflowReader


@dataclass(frozen=True, slots=True)
class StepDetail:
    """A step, or one item of it. ``input`` is what it got or, if it has not begun, what it would
    get now; ``output`` is its latest one; both are None where there is none.
    """

    step: StepView
    input: Any
    output: Any
    history: Sequence[AttemptView]


def step_detail(
    views: WorkflowReader,
    inputs: Inputs,
    workflow: str,
    index: int,
    scope: str,
    trace: Iterable[TraceEntry],
) -> StepDetail:
    """Raises UnknownStep, UnknownWorkflow."""
    step = views.step(workflow, index)
    field = f"{index}@{scope}" if scope else str(index)
    (output,) = views.outputs(workflow, [field])
    entries = (entry for entry in trace if entry.step == index or entry.step is None)
    history = [each for each in attempts(entries) if not scope or each.scope == scope]
    given = _input(inputs, views, workflow, index, scope, step.activations)
    return StepDetail(step, given, output, history)


def _input(
    inputs: Inputs, views: WorkflowReader, workflow: str, index: int, scope: str, activation: int
) -> Any:
    step = views.flow(workflow)[index]
    if step.kind is StepKind.LITERAL:
        return None
    try:
        if step.iterate and scope:
            return read(inputs.text(workflow, index, scope, activation)).data
        return inputs.given(workflow, index, scope, activation).data
    except (MergeError, json_values.BadValue):
        # The step has failed, or will, for that reason.
        return None
