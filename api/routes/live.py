"""Changes, as they happen."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow.validate import Length

from ..blueprint import Blueprint
from ..context import client, context
from ..errors import Refused
from ..schemas.common import described
from ..streams import EventStream
from ..traits import EVENTS

blp = Blueprint("live", "What happens, as it happens: server-sent events.")

#: Seconds after which somebody who found no place may ask again.
FULL = 5

_EXAMPLE = (
    "id: 1764154061123-0\nevent: change\n"
    'data: {"workflow":"w","state":"RUNNING","changes":[{"at":"2026-11-26T10:45:01.123Z",'
    '"what":"queue","step":1,"scope":"","activation":1,"attempt":1,"detail":"","state":"queued"}]}'
)


class ResumeSchema(ma.Schema):
    """Where to go on."""

    after = ma.fields.String(
        data_key="Last-Event-ID",
        load_default="",
        validate=Length(0, 50),
        metadata=described("The last event that was seen; those since then come first."),
    )


@blp.get("/events", produces=(EVENTS,), errors=(422,))
@blp.arguments(ResumeSchema, location="headers")
@blp.response(200, {"type": "string"}, content_type=EVENTS, example=_EXAMPLE)
def stream_events(headers: dict[str, str]) -> Response:
    """Changes of all workflows: `change`, or `reset` where some are lost: look again then."""
    return _stream(None, headers["after"])


@blp.get("/workflows/<workflow>/events", produces=(EVENTS,), errors=(404, 422))
@blp.arguments(ResumeSchema, location="headers")
@blp.response(200, {"type": "string"}, content_type=EVENTS, example=_EXAMPLE)
def stream_workflow(headers: dict[str, str], workflow: str) -> Response:
    """The same of one workflow."""
    client().views.state(client().keys.full_id(workflow))
    return _stream(workflow, headers["after"])


def _stream(workflow: str | None, after: str) -> Response:
    cap = context().streams
    if not cap.enter():
        message = f"{cap.most} event streams are open, and no more are served: ask again later"
        raise Refused(503, "too-many-streams", message, headers={"Retry-After": str(FULL)})
    try:
        subscription = client().feed.subscribe(workflow, after)
    except BaseException:
        cap.leave()
        raise
    gone: Any = request.environ.get("waitress.client_disconnected", lambda: False)
    answer = Response(EventStream(subscription, client().keys, cap, gone), mimetype=EVENTS)
    # Tells nginx to pass events on as they come.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
