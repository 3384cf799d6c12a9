"""One workflow: its flow and its state."""

from __future__ import annotations

from typing import Any

from littleflow_redis.api.blueprint import Blueprint
from littleflow_redis.api.context import client
from littleflow_redis.api.schemas.workflows import FlowSchema, StateSchema
from littleflow_redis.engine import interchange
from littleflow_redis.language import save

blp = Blueprint("workflow", "One workflow.")


@blp.get("/workflows/<workflow>", errors=(404,))
@blp.response(200, FlowSchema)
def workflow_flow(workflow: str) -> dict[str, Any]:
    """The compiled flow."""
    return save(client().views.flow(client().keys.full_id(workflow)))


@blp.get("/workflows/<workflow>/state", errors=(404,))
@blp.response(200, StateSchema)
def workflow_state(workflow: str) -> dict[str, Any]:
    """The state, in upstream's form."""
    return interchange.state(client(), workflow)
