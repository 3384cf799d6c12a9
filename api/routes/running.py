"""Stopping, resuming and deleting a workflow."""

from __future__ import annotations

from littleflow_redis.api.blueprint import Blueprint
from littleflow_redis.api.context import client
from littleflow_redis.api.schemas.common import DoneSchema, done
from littleflow_redis.api.schemas.workflows import WorkflowSchema

blp = Blueprint("running", "Stop, resume and delete a workflow.")


@blp.post("/workflows/<workflow>/terminate", errors=(404, 409))
@blp.response(200, DoneSchema)
def terminate_workflow(workflow: str) -> dict[str, object]:
    """Terminate a workflow: what runs may end, until a second call."""
    return _terminate(workflow)


@blp.post("/workflows/terminate", errors=(404, 409))
@blp.arguments(WorkflowSchema)
@blp.response(200, DoneSchema)
def terminate_named(body: dict[str, str]) -> dict[str, object]:
    """Terminate a workflow that is named in the body."""
    return _terminate(body["workflow"])


def _terminate(workflow: str) -> dict[str, object]:
    state = client().terminate(workflow)
    return done(f"workflow is {state}", workflow=workflow, state=state)


@blp.delete("/workflows/<workflow>", errors=(404, 409))
@blp.response(200, DoneSchema)
def delete_workflow(workflow: str) -> dict[str, object]:
    """Delete a workflow that has ended, and all that it has."""
    client().delete(workflow)
    return done("workflow deleted", workflow=workflow)
