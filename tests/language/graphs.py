"""Short ways to say what a compiled flow looks like."""

from __future__ import annotations

import pytest

from littleflow_redis.language import Flow, FlowError, Problem, Step, StepKind, compile_text

_SHORT = {
    StepKind.START: "start",
    StepKind.END: "end",
    StepKind.SUBFLOW_START: "{",
    StepKind.SUBFLOW_END: "}",
    StepKind.LITERAL: "<>",
    StepKind.LOAD: "load",
    StepKind.STORE: "store",
}


def steps(text: str) -> str:
    """All steps in order: ``start A { B } end``."""
    return " ".join(_SHORT.get(step.kind, step.name) for step in compile_text(text).steps)


def edges(text: str) -> list[tuple[int, int]]:
    """All edges as pairs of step numbers."""
    return list(compile_text(text).edges)


def step(text: str, name: str) -> Step:
    """The one step of that name."""
    (found,) = [step for step in compile_text(text).steps if step.name == name]
    return found


def problems(text: str) -> tuple[Problem, ...]:
    """What is wrong with a text."""
    with pytest.raises(FlowError) as caught:
        compile_text(text)
    return caught.value.problems


def problem(text: str) -> Problem:
    """The one thing that is wrong with a text."""
    (found,) = problems(text)
    return found


def edge_names(flow: Flow) -> set[tuple[str, str]]:
    """Edges between named steps, by name."""
    return {(flow[source].name, flow[target].name) for source, target in flow.edges}
