"""Plain data → flows, checked: what is saved may come from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .checks import find_cycle, never_fires
from .flow import Flow, Step, StepKind
from .guards import check_guard
from .options import read_options
from .saving import FLOW_MEMBERS

_KINDS: Mapping[str, StepKind] = {
    "StartFlow": StepKind.START,
    "InvokeTask": StepKind.TASK,
    "InvokeFlow": StepKind.SUBFLOW_START,
    "Source": StepKind.LITERAL,
    "Sink": StepKind.SUBFLOW_END,
}
_OPTIONAL_TEXT = (str, type(None))
#: The members of T and X that describe a step, with their types; `parameters` and `value` are JSON.
_FIELDS: Mapping[str, tuple[type, ...]] = {
    "kind": (str,),
    "name": (str,),
    "base": _OPTIONAL_TEXT,
    "doc": _OPTIONAL_TEXT,
    "merge": (bool,),
    "iterate": (bool,),
    "guard": _OPTIONAL_TEXT,
    "uri": (str,),
    "options": (dict,),
    "parameters": (object,),
    "value": (object,),
}


def load(document: Mapping[str, Any]) -> Flow:
    """The flow in what :func:`.saving.save` or ``littleflow.Flow.save()`` made.

    Raises:
        ValueError: it holds no flow, or one that can never run; the message names the fault.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("T"), list):
        raise ValueError("a saved flow is an object with the members T and F, or T and edges")
    extras = document.get("X", {})
    if not isinstance(extras, Mapping):
        raise ValueError("the member X of a saved flow is an object")
    size = len(document["T"])
    successors, predecessors = _neighbours(document, size)
    described = _described(document["T"], extras, size)
    kinds = _kinds(described)
    partners, parents = _nesting(kinds)
    back = _back_edges(kinds, partners, predecessors)
    places = _places(extras.get("at"), size)
    steps = tuple(
        Step(
            index=index,
            kind=kinds[index],
            partner=partners[index],
            parent=parents[index],
            successors=successors[index],
            predecessors=predecessors[index],
            back=back.get(index, ()),
            line=places[index][0],
            column=places[index][1],
            **fields,
        )
        for index, fields in enumerate(described)
    )
    _check_cycles(steps)
    return Flow(steps=steps, warnings=_warnings(document, steps), **_about(extras))


def _neighbours(
    document: Mapping[str, Any], size: int
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    successors: list[list[int]] = [[] for _ in range(size)]
    predecessors: list[list[int]] = [[] for _ in range(size)]
    for source, target in sorted(_edges(document, size)):
        successors[source].append(target)
        predecessors[target].append(source)
    return [tuple(found) for found in successors], [tuple(found) for found in predecessors]


def _edges(document: Mapping[str, Any], size: int) -> set[tuple[int, int]]:
    if "edges" in document:
        edges = document["edges"]
        if not isinstance(edges, list) or not all(_is_edge(edge, size) for edge in edges):
            raise ValueError(f"the edges of a saved flow are pairs of numbers below {size}")
        return {(edge[0], edge[1]) for edge in edges}
    matrix = document.get("F")
    if not isinstance(matrix, list) or len(matrix) != size:
        raise ValueError("the member F of a saved flow has a row for each member of T")
    found: set[tuple[int, int]] = set()
    for source, row in enumerate(matrix):
        if not isinstance(row, list) or len(row) != size:
            raise ValueError(f"row {source} of F has not one number for each member of T")
        found.update((source, target) for target, count in enumerate(row) if count)
    return found


def _is_edge(edge: object, size: int) -> bool:
    return (
        isinstance(edge, Sequence)
        and len(edge) == 2
        and all(type(end) is int and 0 <= end < size for end in edge)
    )


def _described(saved: list[Any], extras: Mapping[str, Any], size: int) -> list[dict[str, Any]]:
    """The fields of each step, from T and X together, checked."""
    more = extras.get("steps", {})
    if not isinstance(more, Mapping):
        raise ValueError("the member steps of X is an object")
    unknown = [key for key in more if not (str(key).isdigit() and int(key) < size)]
    if unknown:
        raise ValueError(f"X describes a step {str(unknown[0])[:20]!r} that T has not")
    return [_step_fields(index, item, more.get(str(index), {})) for index, item in enumerate(saved)]


def _step_fields(index: int, item: Any, more: Any) -> dict[str, Any]:
    if (
        not isinstance(item, Sequence)
        or len(item) != 2
        or not isinstance(item[0], str)
        or item[0] not in _KINDS
        or not isinstance(item[1], Mapping)
        or not isinstance(more, Mapping)
    ):
        names = ", ".join(_KINDS)
        raise ValueError(f"member {index} of T is not [class, fields] with a class of {names}")
    fields = {"kind": _KINDS[item[0]].value, **item[1], **more}
    if fields.pop("index", index) != index:
        raise ValueError(f"member {index} of T has another index")
    fields.pop("end", None)
    for key, value in fields.items():
        if not isinstance(value, _FIELDS.get(key, ())):
            raise ValueError(f"{str(key)[:20]!r} of step {index} is unknown or of the wrong type")
    _check_insides(index, item[0], fields)
    return fields


def _check_insides(index: int, kind: str, fields: dict[str, Any]) -> None:
    if fields["kind"] != _KINDS[kind].value and (
        kind != "InvokeTask" or fields["kind"] not in (StepKind.LOAD.value, StepKind.STORE.value)
    ):
        raise ValueError(f"step {index} of class {kind} cannot be a {str(fields['kind'])[:20]!r}")
    if kind == "InvokeTask":
        if not fields.get("name"):
            raise ValueError(f"step {index} is a task without a name")
        fields["base"] = fields.get("base") or fields["name"]
    if fields.get("options"):
        fields["options"] = read_options(fields["options"])
    if fields.get("guard") is not None:
        check_guard(fields["guard"])


def _kinds(described: list[dict[str, Any]]) -> list[StepKind]:
    kinds = [StepKind(fields.pop("kind")) for fields in described]
    if len(kinds) < 3 or kinds[0] is not StepKind.START or kinds[-1] is not StepKind.SUBFLOW_END:
        raise ValueError("a saved flow begins with a StartFlow, ends with a Sink, and has a step")
    if StepKind.START in kinds[1:]:
        raise ValueError("a saved flow has one StartFlow, its first step")
    kinds[-1] = StepKind.END
    return kinds


def _nesting(kinds: list[StepKind]) -> tuple[list[int], list[int]]:
    """Partner and parent of each step: starts and ends of subflows nest like brackets."""
    partners, parents, around = [-1] * len(kinds), [0] * len(kinds), [0]
    for index, kind in enumerate(kinds):
        if kind is StepKind.SUBFLOW_END and len(around) > 1:
            start = around.pop()
            partners[index], partners[start] = start, index
        parents[index] = around[-1]
        if kind is StepKind.SUBFLOW_START:
            around.append(index)
    return partners, parents


def _back_edges(
    kinds: list[StepKind], partners: list[int], predecessors: list[tuple[int, ...]]
) -> dict[int, tuple[int, ...]]:
    """Edges to a start from within what it starts."""
    back = {0: predecessors[0]}
    for index, kind in enumerate(kinds):
        if kind is StepKind.SUBFLOW_START and partners[index] > index:
            inner = range(index + 1, partners[index])
            found = tuple(step for step in predecessors[index] if step in inner)
            back[index] = found
    return back


def _places(at: Any, size: int) -> Sequence[Sequence[int]]:
    if at is None:
        return [(0, 0)] * size
    whole = isinstance(at, list) and len(at) == size
    if not whole or not all(isinstance(place, list) and len(place) == 2 for place in at):
        raise ValueError("the member at of X has a line and a column for each member of T")
    if not all(type(number) is int for place in at for number in place):
        raise ValueError("the member at of X holds whole numbers")
    places: list[list[int]] = at
    return places


def _check_cycles(steps: Sequence[Step]) -> None:
    cycle = find_cycle(steps)
    if cycle:
        around = " → ".join(str(index) for index in [*cycle[:10], cycle[0]])
        raise ValueError(f"these steps wait for each other and can never fire: {around}")


def _warnings(document: Mapping[str, Any], steps: Iterable[Step]) -> tuple[str, ...]:
    """The saved warnings; for a flow that littleflow saved, those that its graph shows."""
    if "X" in document:
        saved = document["X"].get("warnings", [])
        if not isinstance(saved, list) or not all(isinstance(item, str) for item in saved):
            raise ValueError("the warnings of a saved flow are a list of texts")
        return tuple(saved)
    return tuple(
        never_fires(f"step {step.index} {step.name}".rstrip(), step.kind)
        for step in steps
        if step.index and len(step.predecessors) == len(step.back)
    )


def _about(extras: Mapping[str, Any]) -> dict[str, Any]:
    about = {key: extras[key] for key in FLOW_MEMBERS if key in extras}
    for key, value in about.items():
        if key != "input" and not isinstance(value, str):
            raise ValueError(f"the {key} of a saved flow is a text")
    return about
