"""Checks of built-in tasks, and of templates, that need no run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from .delays import DELAY, read_delay
from .drafts import Draft, Graph
from .errors import ProblemCollector, ProblemKind
from .flow import Json, StepKind
from .options import BadOption

#: The tasks that fill a template in their parameters, and in which of these.
FILLED = dict.fromkeys(("wait:acquire", "wait:release", "wait:countdown"), "name")

_TEMPLATE = re.compile(r"\{input(?:\[[^{}]*)?\}")


def check_tasks(graph: Graph, reports: ProblemCollector) -> None:
    """Reports delays that cannot be; warns of templates that nobody fills."""
    seen = set()
    for step in graph.steps:
        # A declared subflow is drawn wherever it is used.
        if step.kind is StepKind.TASK and step.at not in seen:
            seen.add(step.at)
            _check_delay(step, reports)
            _check_templates(step, reports)


def _check_delay(step: Draft, reports: ProblemCollector) -> None:
    if step.base == DELAY:
        try:
            read_delay(step.parameters)
        except BadOption as error:
            reports.add(ProblemKind.OPTION, step.at, f"{step.name} {error}", hint=error.hint)


def _check_templates(step: Draft, reports: ProblemCollector) -> None:
    given, filled = step.parameters, FILLED.get(step.base)
    if filled and isinstance(given, Mapping):
        given = {key: value for key, value in given.items() if key != filled}
    for text in _texts(given):
        if found := _TEMPLATE.search(text):
            what = f"{step.name} does not fill templates: {found[0][:60]} reaches it as it stands"
            reports.warn(step.at, f"{what}; the input itself becomes its arguments")
            return


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)
