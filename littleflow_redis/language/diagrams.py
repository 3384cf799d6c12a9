"""Flows as text for tools that draw: Mermaid as littleflow writes it, and DOT for Graphviz."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .flow import Flow, Step, StepKind

_NOT_IN_NAMES = re.compile(r"[^\w.]")


def mermaid(flow: Flow, *, docs: bool = True, vertical: bool = False) -> str:
    """A state diagram, the same text as littleflow's for all that littleflow can express.

    Args:
        flow: what is drawn.
        docs: show the first line of a task's documentation beside it.
        vertical: draw from top to bottom.
    """
    lines = ["stateDiagram-v2"]
    if not vertical:
        lines.append("  direction LR")
    lines += _states(flow)
    for source, target in flow.edges:
        begin, end = _mermaid_name(flow, source), _mermaid_name(flow, target)
        lines.append(f"  {begin}-->{end}")
        note = _note(flow[target], docs)
        if note is not None:
            lines += [f"  note left of {end}", f"    {note}", "  end note"]
    return "\n".join(lines) + "\n"


def _states(flow: Flow) -> Iterator[str]:
    if flow[0].back:
        # As the target of an edge [*] would mean the end.
        yield "  state _start_0_ <<fork>>"
        yield "  [*]-->_start_0_"
    for step in flow.steps:
        name = _mermaid_name(flow, step.index)
        if step.kind is StepKind.SUBFLOW_START:
            yield f"  state {name} <<fork>>"
        elif step.kind is StepKind.SUBFLOW_END:
            yield f"  state {name} <<join>>"
        elif step.kind not in (StepKind.START, StepKind.END):
            yield f'  state "{_mermaid_text(title(step))}" as {name}'


def _mermaid_name(flow: Flow, index: int) -> str:
    step = flow[index]
    match step.kind:
        case StepKind.START:
            return "_start_0_" if step.back else "[*]"
        case StepKind.END:
            return "[*]"
        case StepKind.SUBFLOW_START:
            return f"_start_{index}_"
        case StepKind.SUBFLOW_END:
            return f"_end_{index}_"
        case StepKind.LITERAL:
            return f"_literal_{index}_"
    plain = step.name.replace(":", "_COLON_").replace("-", "_HYPHEN_")
    return f"{_NOT_IN_NAMES.sub('_', plain)}.{index}"


def title(step: Step) -> str:
    """The text that a drawing writes on a step."""
    title = step.name
    if step.kind is StepKind.LITERAL:
        text = json.dumps(step.value, ensure_ascii=False)
        title = text if len(text) <= 30 else f"{text[:29]}…"
    elif step.kind in (StepKind.LOAD, StepKind.STORE):
        title = f"<{step.uri}>"
    marks = ("* " if step.iterate else "") + ("? " if step.guard is not None else "")
    return f"{marks}{title}".rstrip()


def _note(step: Step, docs: bool) -> str | None:
    if step.kind is StepKind.SUBFLOW_START and (step.name or step.iterate or step.guard):
        return _mermaid_text(title(step))
    if not docs or step.doc is None or step.kind is not StepKind.TASK:
        return None
    return step.doc.strip().partition("\n")[0]


def _mermaid_text(text: str) -> str:
    return text.replace('"', "#quot;").replace("\n", " ")


def dot(flow: Flow) -> str:
    """The flow as a directed graph in Graphviz' language; subflows are clusters."""
    lines = [f"digraph {_quoted(flow.name or 'flow')} {{", "  rankdir=LR;", "  node [shape=box];"]
    for step in flow.steps:
        if step.kind is StepKind.SUBFLOW_START and step.partner >= 0:
            lines.append(f"  subgraph cluster_{step.index} {{ label={_quoted(title(step))};")
        lines.append(f"  {step.index} [{_attributes(step)}];")
        if step.kind is StepKind.SUBFLOW_END and step.partner >= 0:
            lines.append("  }")
    for step in flow.steps:
        for target in step.successors:
            style = " [style=dashed]" if step.index in flow[target].back else ""
            lines.append(f"  {step.index} -> {target}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def _attributes(step: Step) -> str:
    match step.kind:
        case StepKind.START:
            return 'label="", shape=circle, style=filled, fillcolor=black'
        case StepKind.END:
            return 'label="", shape=doublecircle, style=filled, fillcolor=black'
        case StepKind.SUBFLOW_START | StepKind.SUBFLOW_END:
            return "shape=point"
    attributes = f"label={_quoted(title(step))}"
    if step.doc is not None:
        attributes += f", tooltip={_quoted(step.doc.strip())}"
    return attributes


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
