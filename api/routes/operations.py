"""For those who run it: health, groups, metrics."""

from __future__ import annotations

from typing import Any

from flask import Response

from littleflow_redis.engine.views.metrics import CONTENT_TYPE

from ..blueprint import Blueprint
from ..context import client, context
from ..errors import Refused
from ..schemas.operations import (
    GroupsSchema,
    HealthSchema,
    LagSchema,
    ReadySchema,
)
from ..traits import TEXT

blp = Blueprint("operations", "For those who run it.")


@blp.get("/healthz")
@blp.response(200, HealthSchema)
def health() -> dict[str, str]:
    """The process answers; nothing else is asked."""
    return {"status": "Success"}


@blp.get("/readyz", errors=(422,))
@blp.query(LagSchema)
@blp.response(200, ReadySchema)
def ready(query: dict[str, int]) -> dict[str, object]:
    """Redis answers, runs scripts and takes writes; how far its groups are behind."""
    context().probe.check(client())
    # A script tells of the groups: what is read proves that scripts run.
    lags = {group.name: group.lag for group in client().groups().groups}
    worst = max(lags.values(), default=0)
    if "max_lag" in query and worst > query["max_lag"]:
        slow = ", ".join(name for name, lag in lags.items() if lag > query["max_lag"])
        raise Refused(503, "lagging", f"{worst} entries wait to be read by {slow}: add processes")
    return {"status": "Success", "redis": "ok", "scripts": "ok", "lag": lags}


@blp.get("/groups")
@blp.response(200, GroupsSchema)
def groups() -> Any:
    """The stream's readers and their lag, bridges, timers, dead letters."""
    return client().groups()


@blp.get("/metrics", produces=(TEXT,))
@blp.response(200, {"type": "string"}, content_type=TEXT)
def metrics() -> Response:
    """The same and more for Prometheus."""
    return Response(client().metrics(), content_type=CONTENT_TYPE)
