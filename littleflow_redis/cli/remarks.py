"""The remarks of `check` beside the problems of a text: warnings, and an app's notes, by place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from .files import shown_name

if TYPE_CHECKING:
    from littleflow_redis.bridges.calls.explain import Explanation
    from littleflow_redis.bridges.doctor import Subject
    from littleflow_redis.language import FlowError


class Remark(NamedTuple):
    """A sentence of a ``kind``, such as a warning; line 0 is no place in the text."""

    line: int
    column: int
    kind: str
    sentence: str


def warned(warning: str) -> Remark:
    """A warning of the compiler, which begins with its place in the text, if it has one."""
    place, colon, message = warning.partition(": ")
    if colon and place.replace(":", "").isdigit():
        line, _, column = place.partition(":")
        return Remark(int(line), int(column or 1), "warning", message)
    return Remark(0, 0, "warning", warning)


def lines(name: str, remarks: Iterable[Remark]) -> list[str]:
    """The remarks on one file, in the order of its text; at one place as they come."""
    return [
        f"{shown_name(name)}{f':{line}:{column}' if line else ''}: {kind}: {sentence}"
        for line, column, kind, sentence in sorted(remarks, key=lambda one: one[:2])
    ]


def problems(subject: Subject) -> dict[str, FlowError]:
    """Steps that the app serves and that can only fail, by file."""
    from littleflow_redis.bridges.doctor.written import refused
    from littleflow_redis.language import FlowError, Problem, ProblemKind

    found: dict[str, list[Problem]] = {}
    for place, reason in refused(subject):
        at = (place.step.line, place.step.column)
        problem = Problem(*at, reason, kind=ProblemKind.UNSUPPORTED)
        found.setdefault(place.where, []).append(problem)
    for name, explanation in _explanations(subject):
        if explanation.fails:
            at = (explanation.step.line, explanation.step.column)
            problem = Problem(*at, str(explanation), kind=ProblemKind.UNSUPPORTED)
            found.setdefault(name, []).append(problem)
    return {
        name: FlowError(those, subject.flows[name].source or "", shown_name(name))
        for name, those in found.items()
    }


def noted(subject: Subject) -> Iterator[tuple[str, Remark]]:
    """Warnings of steps that may wait, are misspelt or may run twice, and notes on calls of tasks,
    by file.
    """
    from littleflow_redis.bridges.doctor.at_most_once import run_again
    from littleflow_redis.bridges.doctor.written import misspelt, waiting

    for place, sentence in chain(waiting(subject), misspelt(subject), run_again(subject)):
        yield place.where, Remark(place.step.line, place.step.column, "warning", sentence)
    for name, explanation in _explanations(subject):
        yield name, Remark(explanation.step.line, explanation.step.column, "note", str(explanation))


def _explanations(subject: Subject) -> Iterator[tuple[str, Explanation]]:
    from littleflow_redis.bridges.calls.call_options import CallOptions, app_settings
    from littleflow_redis.bridges.calls.explain import rows_of

    rules = CallOptions([app_settings(subject.app)])
    for name, flow in subject.flows.items():
        for explanation in rows_of(subject.app, subject.names, rules, subject.categories, flow):
            yield name, explanation
