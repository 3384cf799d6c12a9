"""Stopping, resuming and deleting a workflow."""

from __future__ import annotations

from typing import Any

from littleflow_redis.engine.model.json_values import ABSENT
from littleflow_redis.engine.operations import end_task

from ..blueprint import Blueprint
from ..context import client
from ..schemas.common import DoneSchema, done
from ..schemas.workflows import EndSchema, RestartSchema, WorkflowSchema
from ..security.audit import about

blp = Blueprint("run", "Stop, resume and delete a workflow.")


@blp.post("/workflows/<workflow>/terminate", errors=(404, 409))
@blp.response(200, DoneSchema)
def terminate_workflow(workflow: str) -> dict[str, object]:
    """Terminate a workflow: what runs may end, until a second call."""
    return _terminate(workflow)


@blp.post("/workflows/terminate", errors=(404, 409))
@blp.arguments(WorkflowSchema)
@blp.response(200, DoneSchema)
def terminate_named(body: dict[str, str]) -> dict[str, object]:
    """Terminate the workflow that is named in the body."""
    return _terminate(body["workflow"])


def _terminate(workflow: str) -> dict[str, object]:
    about(workflow=workflow)
    state = client().terminate(workflow)
    return done(f"workflow is {state}", workflow=workflow, state=state)


@blp.post("/workflows/<workflow>/restart", errors=(404, 409))
@blp.arguments(RestartSchema, required=False)
@blp.response(200, DoneSchema)
def restart_workflow(body: dict[str, Any], workflow: str) -> dict[str, object]:
    """Go on with a workflow that FAILED or was TERMINATED, or begin anew from some steps."""
    state = client().restart(
        workflow,
        all=body["all"],
        from_steps=body["steps"],
        input=body.get("input", ABSENT),
    )
    return done("workflow restarted", workflow=workflow, state=state)


@blp.get("/workflows/<workflow>/restart", changes=True, errors=(404, 409))
@blp.response(200, DoneSchema)
def restart_by_get(workflow: str) -> dict[str, object]:
    """The same for old clients: from a page of ours, or with a token."""
    state = client().restart(workflow)
    return done("workflow restarted", workflow=workflow, state=state)


@blp.delete("/workflows/<workflow>", errors=(404, 409))
@blp.response(200, DoneSchema)
def delete_workflow(workflow: str) -> dict[str, object]:
    """Delete a workflow that has ended, and all that it has."""
    client().delete(workflow)
    return done("workflow deleted", workflow=workflow)


@blp.post("/workflows/<workflow>/steps/<int:index>/end", errors=(404,))
@blp.arguments(EndSchema, required=False)
@blp.response(200, DoneSchema)
def end_step(body: dict[str, Any], workflow: str, index: int) -> dict[str, object]:
    """End a task by hand, for whoever did its work elsewhere."""
    event = end_task.end_task(client(), workflow, index, **body)
    return done("the end is written", workflow=workflow, event=event)
