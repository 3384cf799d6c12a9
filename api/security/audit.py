"""The audit log: one line for every change that somebody asked for, done or refused."""

from __future__ import annotations

import logging

from flask import Response, g, request

from littleflow_redis.events.logs import kv

from ..context import request_id
from ..traits import traits

LOG = logging.getLogger("littleflow_redis.audit")

#: Characters of a path in a line.
MOST_PATH = 300


def log_change(answer: Response) -> Response:
    """Write the line. What was changed beyond the path, views add by :func:`about`."""
    if request.method != "OPTIONS" and traits().changes:
        who = g.get("caller")
        line = kv(
            "audit",
            caller=who.name if who else "unknown",
            peer=request.remote_addr,
            method=request.method,
            path=request.path[:MOST_PATH],
            status=answer.status_code,
            **g.get("audit", {}),
            request=request_id(),
        )
        (LOG.info if answer.status_code < 400 else LOG.warning)(line)
    return answer


def about(**fields: object) -> None:
    """Say in this request's line what it is about, such as ``workflow=…``."""
    g.audit = {**g.get("audit", {}), **fields}
