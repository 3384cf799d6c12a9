"""Dry runs."""

from __future__ import annotations

from typing import Any

from redis.exceptions import RedisError

from littleflow_redis.engine.operations.dry_run import dry_run
from littleflow_redis.engine.operations.unserved import unserved
from littleflow_redis.engine.views.graph import graph
from littleflow_redis.language import Flow, mermaid, save

from ..blueprint import Blueprint
from ..context import client
from ..errors import problems
from ..schemas.flows import CheckedSchema, CheckSchema
from ..traits import JSON, TEXT

blp = Blueprint("check", "What would come of a text.")

_TEXT_BODY = {"content": {TEXT: {"schema": {"type": "string"}, "example": "A → → B"}}}


@blp.post("/workflows/check", changes=False, accepts=(JSON, TEXT))
@blp.arguments(CheckSchema, description="The workflow, as JSON or as its text alone.")
@blp.doc(requestBody=_TEXT_BODY)
@blp.response(200, CheckedSchema)
def check_workflow(body: dict[str, Any]) -> dict[str, Any]:
    """Compile a text without starting it: its problems as data, and its graph."""
    found = dry_run(body["workflow"], body.get("input"))
    wrong = problems(found.error) if found.error else []
    if found.flow is None:
        return {"valid": False, "problems": wrong}
    return {
        "valid": found.valid,
        "problems": [*wrong, *([{"message": found.refused}] if found.refused else [])],
        "warnings": found.flow.warnings,
        **_unserved(found.flow),
        "flow": save(found.flow),
        "graph": graph(found.flow),
        "mermaid": mermaid(found.flow),
    }


def _unserved(flow: Flow) -> dict[str, Any]:
    try:
        return {"unserved": unserved(client(), flow)}
    except RedisError:
        # A text can be checked while Redis is away.
        return {}
