"""Flows as plain data: the form of ``littleflow.Flow.save()``, and beside it what that has not.

``{"F": matrix, "T": [[class, fields], …], "X": {…}}``. Above ``MATRIX_STEPS`` steps ``edges``, a
list of [from, to], stands in place of ``F``. ``X`` is left out when there is nothing for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .flow import Flow, Json, Step, StepKind

#: Steps up to which a flow is saved as a matrix, which has steps² numbers.
MATRIX_STEPS = 1_000

#: Members of X that describe the whole flow.
FLOW_MEMBERS = ("name", "doc", "input", "source")

_CLASSES: Mapping[StepKind, str] = {
    StepKind.START: "StartFlow",
    StepKind.END: "Sink",
    StepKind.TASK: "InvokeTask",
    StepKind.LOAD: "InvokeTask",
    StepKind.STORE: "InvokeTask",
    StepKind.LITERAL: "Source",
    StepKind.SUBFLOW_START: "InvokeFlow",
    StepKind.SUBFLOW_END: "Sink",
}


def save(flow: Flow, *, text: bool = True) -> dict[str, Any]:
    """A flow as data that ``json.dumps`` takes and :func:`.loading.load` reads back.

    Args:
        flow: what is saved.
        text: also save the source text and where each step stands in it. Without, a flow that
            littleflow can express has no ``X``.
    """
    document: dict[str, Any] = {}
    if len(flow) > MATRIX_STEPS:
        document["edges"] = [list(edge) for edge in flow.edges]
    else:
        document["F"] = _matrix(flow)
    document["T"] = [[_CLASSES[step.kind], _fields(step)] for step in flow.steps]
    extras = _extras(flow, text)
    if extras:
        document["X"] = extras
    return document


def _matrix(flow: Flow) -> list[list[int]]:
    rows = []
    for step in flow.steps:
        row = [0] * len(flow)
        for target in step.successors:
            row[target] = 1
        rows.append(row)
    return rows


def _fields(step: Step) -> dict[str, Json]:
    """The fields of littleflow's class, in its order."""
    fields: dict[str, Json] = {"index": step.index}
    match _CLASSES[step.kind]:
        case "InvokeTask":
            base = step.base if step.base != step.name else None
            fields.update(
                name=step.name,
                parameters=step.parameters,
                base=base,
                doc=step.doc,
                merge=step.merge,
            )
        case "Source":
            fields["value"] = step.value
        case "Sink" | "InvokeFlow":
            fields["merge"] = step.merge
    return fields


def _extras(flow: Flow, text: bool) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    for key in FLOW_MEMBERS:
        value = getattr(flow, key)
        if value is not None and (text or key != "source"):
            extras[key] = value
    if flow.warnings:
        extras["warnings"] = list(flow.warnings)
    steps = {str(step.index): extra for step in flow.steps if (extra := _step_extras(step))}
    if steps:
        extras["steps"] = steps
    if text and any(step.line for step in flow.steps):
        extras["at"] = [[step.line, step.column] for step in flow.steps]
    return extras


def _step_extras(step: Step) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if step.kind in (StepKind.LOAD, StepKind.STORE):
        extra.update(kind=step.kind.value, uri=step.uri)
    if step.options:
        extra["options"] = dict(step.options)
    if step.guard is not None:
        extra["guard"] = step.guard
    if step.iterate:
        extra["iterate"] = True
    if step.kind is StepKind.START and step.merge:
        extra["merge"] = True
    if step.kind is StepKind.SUBFLOW_START:
        extra.update((key, getattr(step, key)) for key in ("name", "doc") if getattr(step, key))
    return extra
