"""A workflow in the form that clients of littleflow_redis 0.4 (PyPI) know: vectors S and A."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.errors import UnknownWorkflow
from littleflow_redis.engine.model.records import Dynamic, Record
from littleflow_redis.engine.model.states import StepState
from littleflow_redis.engine.store.flow_codec import depth
from littleflow_redis.engine.store.keys import OUTPUT, STATE, STEPS
from littleflow_redis.language import Flow

from . import vectors

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client

#: Numbers in the vectors of one answer, changes times steps: about 10 MB in memory, 2 MB as JSON.
#: Each change has a number for each step, so a wide flow's history grows with the square of it.
MOST_NUMBERS = 1_000_000

#: A change of a vector: ISO time, and a number for each step.
Row = tuple[str, list[int]]


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
        found: list[Any] = json_values.load(
            b"[" + b",".join(text or b"null" for text in texts) + b"]"
        )
    except json_values.BadValue:
        # A listener may write anything there; nobody has read that yet.
        return [_value(text) for text in texts]
    return found if len(found) == len(texts) else [_value(text) for text in texts]


def _value(text: bytes | None) -> Any:
    try:
        return None if text is None else json_values.load(text)
    except json_values.BadValue:
        return None


def trace(
    client: Client, workflow: str, vector: str, start: int = 0, size: int = 1_000
) -> tuple[Sequence[Row], int | None]:
    """``size`` changes of the vector ``S`` or ``A``, newest first, and where to go on.

    ``start`` of them are left out; None is the end. Fewer are shown of a wide flow, of which they
    would have more than MOST_NUMBERS. Raises UnknownWorkflow.
    """
    steps, changes = _histories(client, workflow)
    found, size = changes[vector], min(size, max(1, MOST_NUMBERS // steps))
    after = start + size
    return _rows(found[start:after], steps), after if after < len(found) else None


def archive(client: Client, workflow: str) -> dict[str, Any]:
    """An archive of ours that has upstream's members F, T, S and A too.

    Raises UnknownWorkflow, NewerVersion, BadArchive.
    """
    return add_upstream_members(client, workflow, client.archive(workflow))


def add_upstream_members(client: Client, workflow: str, made: dict[str, Any]) -> dict[str, Any]:
    """The archive with upstream's members F, T, S and A.

    S and A are left out where they would have more than MOST_NUMBERS; ``restore`` needs neither.
    Raises UnknownWorkflow.
    """
    upstreams = {name: made["flow"][name] for name in ("F", "T") if name in made["flow"]}
    steps, changes = _histories(client, workflow)
    if sum(map(len, changes.values())) * steps <= MOST_NUMBERS:
        upstreams |= {name: _rows(found, steps) for name, found in changes.items()}
    return {**upstreams, **made}


def _histories(client: Client, workflow: str) -> tuple[int, dict[str, list[vectors.Delta]]]:
    """How many steps there are, and the changes of both vectors, newest first."""
    view = client.state(workflow)
    flow = client.views.flow(view.id)
    arrived, started = vectors.history(flow, view, client.trace(workflow))
    return len(flow), {"S": started[::-1], "A": arrived[::-1]}


def _rows(deltas: Sequence[vectors.Delta], steps: int) -> list[Row]:
    return [(delta.at.isoformat(), vectors.vector(delta.steps, steps)) for delta in deltas]
