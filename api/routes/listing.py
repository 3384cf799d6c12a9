"""Lists of workflows."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from littleflow_redis.api.blueprint import Blueprint
from littleflow_redis.api.context import client
from littleflow_redis.api.schemas.workflows import PageSchema, SummarySchema

blp = Blueprint("workflows", "Lists of workflows.")


@blp.get("/workflows/", errors=(422,))
@blp.query(PageSchema)
@blp.response(200, SummarySchema(many=True))
def list_workflows(query: dict[str, Any]) -> Any:
    """Workflows, newest first."""
    start, size = query["next"], query["size"]
    found = client().list(start=start, size=size + 1)
    more = {"Link": f'<?next={start + size}&size={size}>; rel="next"'} if len(found) > size else {}
    return found[:size], more


@blp.get("/inprogress")
@blp.response(200, {"type": "array", "items": {"type": "string"}}, example=["reviews-1b4e28ba"])
def list_in_progress() -> Response:
    """Ids of workflows that are RUNNING or TERMINATING."""
    return jsonify(client().in_progress())
