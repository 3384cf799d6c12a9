"""One action on many workflows."""

from __future__ import annotations

from typing import Any

from littleflow_redis.engine.operations.bulk import Action, run_bulk, select_workflows

from ..blueprint import Blueprint
from ..context import client
from ..schemas.lists import BulkDoneSchema, BulkSchema, query_of
from ..security.audit import about

blp = Blueprint("bulk", "One action on many workflows.")


@blp.post("/workflows/bulk")
@blp.arguments(BulkSchema)
@blp.response(200, BulkDoneSchema)
def act_on_many(body: dict[str, Any]) -> dict[str, Any]:
    """Terminate, restart or delete many; each refusal is listed."""
    action, limit = Action(body["action"]), body["limit"]
    if "ids" in body:
        ids, more = body["ids"][:limit], len(body["ids"]) > limit
    else:
        ids, more = select_workflows(client(), query_of(body["filter"]), limit)
    results = run_bulk(client(), action, ids)
    about(action=action, workflows=len(results), done=sum(one.done for one in results))
    shown = [
        {
            "workflow": one.workflow,
            "status": "Success" if one.done else "Error",
            "message": one.message,
        }
        for one in results
    ]
    return {"results": shown, "more": more}
