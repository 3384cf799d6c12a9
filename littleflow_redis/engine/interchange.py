"""A workflow in the form that clients of littleflow_redis 0.4 (PyPI) know: vectors S and A."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import vectors
from .states import StepState

if TYPE_CHECKING:
    from .client import Client


def state(client: Client, workflow: str) -> dict[str, Any]:
    """State, S, A and the outputs of all steps; ``failures`` has 1 for each step that failed.

    Raises UnknownWorkflow.
    """
    view = client.state(workflow)
    arrived, started = vectors.current(view)
    shown = {"state": view.state, "S": started, "A": arrived}
    failures = [int(step.state is StepState.FAILED) for step in view.steps]
    if any(failures):
        shown["failures"] = failures
    # An output of an older activation stays until the next one, as upstream has it.
    return {**shown, "output": client.views.outputs(view.id, range(len(view.steps)))}


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
