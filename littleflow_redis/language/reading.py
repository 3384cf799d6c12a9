"""Reads what stands inside the parts of a text: literals, options, guards. Each is read once."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ProblemCollector, ProblemKind
from .guards import GuardError, check_guard
from .options import BadOption, split_options
from .syntax import Declaration, Group, Label, Parameters, Placed, Program, Source
from .values import read_literal


def read_insides(program: Program, reports: ProblemCollector) -> None:
    """Fills in the values of ``program``; what is wrong is reported."""
    for declaration in program.declarations:
        _read_declaration(declaration, reports)
    for placed in program.placed():
        _read_placed(placed, reports)


def _read_declaration(declaration: Declaration, reports: ProblemCollector) -> None:
    if declaration.kind == "flow":
        _read_input(declaration.parameters, reports)
    else:
        _read_parameters(declaration.parameters, reports)


def _read_input(parameters: Parameters, reports: ProblemCollector) -> None:
    """The workflow's default input: an option there would do nothing, and nobody would know."""
    literal = parameters.literal
    if literal is None:
        return
    parameters.value = read_literal(literal, reports)
    options = parameters.value if isinstance(parameters.value, Mapping) else ()
    for key in options:
        if key.startswith("$"):
            message = f"{key[:40]} means nothing for a whole flow"
            hint = "set it on its tasks, as in @task name (- $retry: 3 -)"
            reports.add(ProblemKind.OPTION, literal.at, message, hint=hint)


def _read_placed(placed: Placed, reports: ProblemCollector) -> None:
    node = placed.node
    if placed.guard is not None:
        _read_guard(placed.guard, reports)
    if isinstance(node, Source):
        node.literal.value = read_literal(node.literal, reports)
    elif not isinstance(node, Group):
        _read_parameters(node.parameters, reports)


def _read_parameters(parameters: Parameters, reports: ProblemCollector) -> None:
    literal = parameters.literal
    if literal is None:
        return
    try:
        parameters.value, parameters.options = split_options(read_literal(literal, reports))
    except BadOption as error:
        reports.add(ProblemKind.OPTION, literal.at, str(error), hint=error.hint)


def _read_guard(guard: Label, reports: ProblemCollector) -> None:
    if len(guard.name) > reports.limits.guard_size:
        message = f"a guard of more than {reports.limits.guard_size} characters"
        reports.add(ProblemKind.LIMIT, guard.at, message)
        return
    try:
        check_guard(guard.name)
    except GuardError as error:
        lines = guard.name[: error.position].split("\n")
        first = guard.column if len(lines) == 1 else 1
        at = (guard.line + len(lines) - 1, first + len(lines[-1]))
        message = f"this guard cannot be read: {error}"
        reports.add(ProblemKind.GUARD, at, message, hint=error.hint)
