"""Text → :class:`.flow.Flow`."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

from .build import Builder
from .builtins import check_tasks
from .cache import FlowCache
from .checks import check_graph
from .declarations import Declarations
from .errors import FlowError, Problem, ProblemCollector, ProblemKind, TooManyProblems
from .flow import Flow
from .limits import DEFAULT_LIMITS, Limits
from .reading import read_insides
from .syntax import Program

_compiled = FlowCache()
_EXAMPLE = "write one, for example: fetch → { clean score } → store"


def compile_text(text: str, *, filename: str = "<text>", limits: Limits = DEFAULT_LIMITS) -> Flow:
    """Compiles a workflow text.

    The flow is kept: the same text under the same limits gives the same object, at once. Treat what
    it holds as read-only.

    Args:
        text: the workflow.
        filename: what errors call it.
        limits: how much of everything it may have.

    Raises:
        FlowError: the text does not compile; it holds all problems that were found.
    """
    _check_text(text, filename, limits)
    key = (sha256(text.encode()).digest(), limits)
    flow = _compiled.get(key)
    if flow is None:
        flow = _compile(text.removeprefix("\ufeff"), filename, limits)
        _compiled.put(key, flow)
    return flow


def _check_text(text: str, filename: str, limits: Limits) -> None:
    """Refuses what is too long or is no text."""
    try:
        # A character takes a byte at least, so a text that is far too long is never encoded.
        size = len(text) if len(text) > limits.text_size else len(text.encode())
    except UnicodeEncodeError as error:
        at = ProblemCollector(text, limits).position(error.start)
        message = "half of a surrogate pair is no character"
        raise FlowError([Problem(*at, message)], "", filename) from error
    if size > limits.text_size:
        message = f"a text of more than {limits.text_size} bytes"
        hint = "split the flow, or raise the limit 'text_size'"
        raise FlowError([Problem(1, 1, message, "", hint, ProblemKind.LIMIT)], "", filename)


def _compile(text: str, filename: str, limits: Limits) -> Flow:
    reports = ProblemCollector(text, limits)
    flow = None
    with suppress(TooManyProblems):
        flow = _read(reports)
    if flow is None or reports.problems:
        raise FlowError(reports.problems, text, filename)
    return flow


def _read(reports: ProblemCollector) -> Flow | None:
    # Here and not above: `import littleflow_redis.language` must not load lark.
    from .parser import parse

    program = parse(reports)
    unreadable = bool(reports.problems)
    read_insides(program, reports)
    if unreadable:
        # Labels and declarations would be missed in statements that could not be read.
        return None
    if not program.statements:
        reports.add(ProblemKind.SYNTAX, (1, 1), "there is no step in this text", hint=_EXAMPLE)
    return _draw(program, reports)


def _draw(program: Program, reports: ProblemCollector) -> Flow | None:
    declarations = Declarations(program, reports)
    if reports.problems:
        # Subflows that hold themselves cannot be drawn.
        return None
    builder = Builder(declarations, reports)
    builder.build(program.statements)
    check_tasks(builder.graph, reports)
    if not reports.problems:
        check_graph(builder.graph, reports)
    about = declarations.flow
    return Flow(
        steps=tuple(step.freeze() for step in builder.graph.steps),
        name=about.name if about is not None else None,
        doc=about.doc if about is not None else None,
        input=about.parameters.value if about is not None else None,
        source=reports.text,
        warnings=tuple(reports.warnings),
    )
