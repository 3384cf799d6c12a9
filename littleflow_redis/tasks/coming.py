"""The input of a step as far as the flow determines it, before there is any data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from littleflow_redis.language import Flow, Step, StepKind
from littleflow_redis.language.flow import Json


class Standing(NamedTuple):
    """A step where it stands in a flow."""

    flow: Flow
    step: Step


class ComingKind(StrEnum):
    """The degree of knowledge on an input."""

    ANYTHING = "anything"
    OBJECT = "object"
    LIST = "list"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Coming:
    """An input. ``count`` is the number of items of a list, None if only data can show it."""

    kind: ComingKind = ComingKind.ANYTHING
    count: int | None = None
    value: Json = None


def coming(flow: Flow, step: Step) -> Coming:
    """The input that comes to a step; for an iteration, to each of its items."""
    if step.iterate or step.back:
        return Coming()
    gathered = _gathered(flow, step)
    if not step.merge:
        return gathered
    return Coming(ComingKind.OBJECT if gathered.kind is ComingKind.LIST else ComingKind.ANYTHING)


def _gathered(flow: Flow, step: Step) -> Coming:
    match step.predecessors:
        case (one,):
            return _put_out(flow, flow[one])
        case several:
            return Coming(ComingKind.LIST, len(several)) if several else Coming()


def _put_out(flow: Flow, step: Step) -> Coming:
    match step.kind:
        case StepKind.LITERAL:
            return Coming(ComingKind.VALUE, value=step.value)
        case StepKind.SUBFLOW_START:
            return coming(flow, step)
        case StepKind.SUBFLOW_END:
            whole = flow[step.partner]
            inside = coming(flow, step)
        case _:
            whole, inside = step, Coming()
    if whole.guard is not None:
        # It may be skipped, and passes on what came.
        return Coming()
    return Coming(ComingKind.LIST) if whole.iterate else inside
