"""A workflow with all its steps, as one piece of data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .unserved import unserved

if TYPE_CHECKING:
    from ..client import Client


def workflow_document(client: Client, workflow: str) -> dict[str, Any]:
    """What a view of the workflow has; ``done`` of ``total`` steps have ended or were skipped;
    ``input``, ``has_source``: whether its text is known, and ``unserved``: what of its steps still
    to come nobody serves. Raises UnknownWorkflow.
    """
    view = client.state(workflow)
    return {
        "id": view.id,
        "name": view.name,
        "state": view.state,
        "reason": view.reason,
        "reasons": view.reasons,
        "created": view.created,
        "ended": view.ended,
        "done": sum(step.state.done for step in view.steps),
        "total": len(view.steps),
        "input": client.input(workflow),
        "output": view.output,
        "has_source": client.views.flow(view.id).source is not None,
        "unserved": unserved(client, view),
        "steps": view.steps,
    }
