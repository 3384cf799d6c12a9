"""Starting many workflows at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from redis.exceptions import RedisError

from littleflow_redis.engine.client import StartResult, StartSpec
from littleflow_redis.engine.operations.idempotency import workflow_id

from ..blueprint import Blueprint
from ..context import caller, client
from ..errors import Refused, refusal
from ..schemas.starts import StartedManySchema, StartManySchema
from ..schemas.workflows import StartHeadersSchema
from ..security.audit import about

blp = Blueprint("start many", "Starting many workflows at once.")


@blp.post("/workflows/start/many")
@blp.arguments(StartManySchema)
@blp.arguments(StartHeadersSchema, location="headers")
@blp.response(200, StartedManySchema)
def start_many_workflows(body: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
    """Start up to 1,000 workflows; one that is refused stops no other, and is listed as such.

    With an idempotency key, a request that is sent again starts nothing twice: the key and the
    place in the list stand for each workflow.
    """
    key = headers.get("idempotency_key")
    specs = [
        StartSpec(
            start.get("workflow", body.get("workflow")),
            start.get("input"),
            start.get("workflow_id") or (_id(key, number) if key else None),
        )
        for number, start in enumerate(body["starts"])
    ]
    results = client().start_many(specs)
    started = sum(result.error is None for result in results)
    about(workflows=len(results), started=started)
    lost = next((one.error for one in results if isinstance(one.error, RedisError)), None)
    if lost is not None and not started:
        raise lost
    return {"results": list(_shown(results)), "started": started}


def _id(key: str, number: int) -> str:
    # No header has a line break, so no key of a single start is the same.
    return workflow_id(f"{key}\n{number}", caller().name)


def _shown(results: Sequence[StartResult]) -> Iterator[dict[str, Any]]:
    """The results as answers; what many are refused for is looked at once."""
    known: dict[str, Refused] = {}
    for result in results:
        if result.error is None:
            message = "workflow started"
            yield {"workflow": result.workflow, "status": "Success", "message": message}
            continue
        text = f"{type(result.error).__name__}: {result.error}"
        refused = known[text] = known.get(text) or refusal(result.error)
        yield {
            "workflow": result.workflow or None,
            "status": "Error",
            "message": refused.message,
            "error": refused.word,
            **({"errors": refused.errors} if refused.errors else {}),
        }
