"""A workflow with all its steps, as one piece of data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .unserved import unserved

if TYPE_CHECKING:
    from ..client import Client


def workflow_document(client: Client, workflow: str) -> dict[str, Any]:
    """The members of a workflow's view, and more. Raises UnknownWorkflow.

    ``done`` of ``total`` steps have ended or were skipped. ``has_source``: whether its text is
    known. ``unserved``: categories of steps still to run that no process serves.
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
