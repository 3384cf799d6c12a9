"""A workflow in the form that clients of littleflow_redis 0.4 (PyPI) know: vectors S and A."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from littleflow_redis.language import Flow

from . import values, vectors
from .errors import UnknownWorkflow
from .keys import OUTPUT, STATE, STEPS
from .packing import depth
from .records import Dynamic, Record
from .states import StepState

if TYPE_CHECKING:
    from .client import Client


def state(client: Client, workflow: str) -> dict[str, Any]:
    """State, S, A and the outputs of all steps; ``failures`` has 1 for each step that failed.

    Read at one moment. Raises UnknownWorkflow.
    """
    id = client.keys.full_id(workflow)
    flow = client.views.flow(id)
    with client.redis.pipeline(transaction=True) as pipe:
        pipe.get(id + STATE)
        pipe.hgetall(id + STEPS)
        pipe.mget([f"{id}{OUTPUT}{step.index}" for step in flow.steps])
        state, fields, outputs = pipe.execute()
    if state is None:
        raise UnknownWorkflow(id)
    started, arrived, failures = _vectors(flow, fields)
    shown = {"state": state.decode(), "S": started, "A": arrived}
    if any(failures):
        shown["failures"] = failures
    # An output of an older activation stays until the next one, as upstream has it.
    return {**shown, "output": _values(outputs)}


def _vectors(flow: Flow, fields: Mapping[bytes, bytes]) -> tuple[list[int], list[int], list[int]]:
    """S, A and failures, without a view of each step: wide flows are asked for them often."""
    started, arrived, failures = ([0] * len(flow) for _ in range(3))
    for name, value in fields.items():
        if name[:1] == b"t":
            arrived[int(name[1:])] = int(value)
        elif name[:1].isdigit():
            field, _, scope = name.partition(b"@")
            index, record = int(field), Record(value)
            started[index] += len(record[Dynamic.OPEN])
            levels = scope.count(b".") + 1 if scope else 0
            if record[Dynamic.STATE] == StepState.FAILED and levels == depth(flow, flow[index]):
                failures[index] = 1
    return started, arrived, failures


def _values(texts: Sequence[bytes | None]) -> list[Any]:
    """JSON values, decoded in one go: what is stored was checked before."""
    try:
        found: list[Any] = values.load(b"[" + b",".join(text or b"null" for text in texts) + b"]")
    except values.BadValue:
        # A listener may write anything there; nobody has read that yet.
        return [_value(text) for text in texts]
    return found if len(found) == len(texts) else [_value(text) for text in texts]


def _value(text: bytes | None) -> Any:
    try:
        return None if text is None else values.load(text)
    except values.BadValue:
        return None


def trace(
    client: Client, workflow: str, vector: str, start: int = 0, size: int | None = None
) -> Sequence[tuple[str, list[int]]]:
    """Changes of the vector ``S`` or ``A``, newest first, as [ISO time, vector].

    ``start`` of them are left out, ``size`` are shown. Raises UnknownWorkflow.
    """
    view = client.state(workflow)
    flow = client.views.flow(view.id)
    arrived, started = vectors.history(flow, view, client.trace(workflow))
    found = (started if vector == "S" else arrived)[::-1]
    shown = found[start:] if size is None else found[start : start + size]
    return [(delta.at.isoformat(), vectors.vector(delta.steps, len(flow))) for delta in shown]


def archive(client: Client, workflow: str) -> dict[str, Any]:
    """An archive of ours that has upstream's members F, T, S and A too.

    Raises UnknownWorkflow, NewerVersion, BadArchive.
    """
    made = client.archive(workflow)
    flow = {name: made["flow"][name] for name in ("F", "T") if name in made["flow"]}
    traces = {name: trace(client, workflow, name) for name in "SA"}
    return {**flow, **traces, **made}
