"""Request ids: one for each request, in its answer and in every log line about it."""

from __future__ import annotations

import re
import uuid

from flask import g, request

HEADER = "X-Request-Id"

#: A caller's own id, if it can do no harm in a log.
_OURS = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def name_request() -> None:
    """Take over the caller's id, or draw one."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if _OURS.fullmatch(given) else uuid.uuid4().hex
