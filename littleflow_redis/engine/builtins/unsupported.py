"""Features that this version cannot run yet: a start refuses them, with a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from littleflow_redis.language import Flow, FlowError, Problem, ProblemKind, Step, StepKind
from littleflow_redis.language.errors import close_match

from ..model.errors import UnsupportedFlow
from ..model.task_events import category_of
from . import BUILTINS
from .not_implemented import NOT_RUN

_RESOURCES = (StepKind.LOAD, StepKind.STORE)


def refusals(flow: Flow, *, played: bool = False) -> Iterator[Problem]:
    """The reasons to refuse a flow: a problem for each step that could never end.

    ``played``: functions serve the tasks, those that are built in too.
    """
    for step in flow.steps:
        known = [name for name in BUILTINS if category_of(name) == step.category]
        if step.kind in _RESOURCES:
            what = f"resources such as <{step.uri}> are understood but cannot be run by this "
            yield _problem(step, f"{what}version yet", "let a task load or store the data")
        elif step.kind is StepKind.TASK and step.category in NOT_RUN and not played:
            what = f"{step.base} is a built-in task that this version does not run yet"
            hint = "serve the step by a task of your own, under another category"
            yield _problem(step, what, hint)
        elif known and step.base not in known and not played:
            hint = close_match(step.base, known) or f"there are {', '.join(known)}"
            yield _problem(step, f"there is no built-in task {step.base}", hint)


def mistakes(flow: Flow) -> Iterator[Problem]:
    """The parameters of built-in tasks by which their steps would fail whatever their input."""
    for step in flow.steps:
        if step.kind is StepKind.TASK and step.base in BUILTINS:
            try:
                BUILTINS[step.base].check(step.parameters)
            except ValueError as error:
                message, _, hint = f"{step.base} {error}".partition(": ")
                yield _problem(step, message, hint, ProblemKind.OPTION)


def refusal(flow: Flow, filename: str = "<text>") -> FlowError | None:
    """All of ``refusals`` and ``mistakes`` in the compiler's form; None if the flow can be run."""
    problems = [*refusals(flow), *mistakes(flow)]
    return FlowError(problems, flow.source or "", filename) if problems else None


def unsupported(flow: Flow, *, played: bool = False) -> None:
    """Raise UnsupportedFlow with the first of ``refusals``, if there is any."""
    for problem in refusals(flow, played=played):
        at = f"line {problem.line}, column {problem.column}: " if problem.line else ""
        raise UnsupportedFlow(f"{at}{problem.message}: {problem.hint}")


def _problem(
    step: Step, message: str, hint: str, kind: ProblemKind = ProblemKind.UNSUPPORTED
) -> Problem:
    if not step.line:
        # It stands in no text.
        message = f"step {step.index}: {message}"
    return Problem(step.line, step.column, message, "", hint, kind)
