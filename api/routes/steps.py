"""The steps of a workflow, and what happened to them."""

from __future__ import annotations

from typing import Any

from littleflow_redis.engine.operations.workflow_document import workflow_document

from ..blueprint import Blueprint
from ..context import client
from ..schemas.steps import (
    ChangePageSchema,
    ChangesSchema,
    ScopeSchema,
    StepDetailSchema,
    StepsSchema,
)

blp = Blueprint("steps", "The steps of a workflow, and what happened to them.")


@blp.get("/workflows/<workflow>/steps", errors=(404,))
@blp.response(200, StepsSchema)
def workflow_steps(workflow: str) -> Any:
    """A workflow with all its steps."""
    return workflow_document(client(), workflow)


@blp.get("/workflows/<workflow>/steps/<int:index>", errors=(404, 422))
@blp.query(ScopeSchema)
@blp.response(200, StepDetailSchema)
def workflow_step(query: dict[str, str], workflow: str, index: int) -> Any:
    """One step with its input, its output and every attempt."""
    found = client().step(workflow, index, query["scope"])
    about = {name: getattr(found.step, name) for name in found.step.__slots__}
    return {**about, "input": found.input, "output": found.output, "history": found.history}


@blp.get("/workflows/<workflow>/trace", errors=(404, 422))
@blp.query(ChangePageSchema)
@blp.response(200, ChangesSchema)
def workflow_changes(query: dict[str, int], workflow: str) -> dict[str, Any]:
    """Everything that happened, oldest first."""
    changes, following = client().changes(workflow, query["start"], query["size"])
    return {"changes": changes} | ({} if following is None else {"next": following})
