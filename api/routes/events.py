"""Users' events: what workflows wait for."""

from __future__ import annotations

from typing import Any

from ..blueprint import Blueprint
from ..context import client
from ..schemas.common import DoneSchema, done
from ..schemas.events import EventSchema
from ..security.audit import about

blp = Blueprint("events", "What workflows wait for, and what happens.")


@blp.post("/events", errors=(404,))
@blp.arguments(EventSchema)
@blp.response(200, DoneSchema)
def send_event(body: dict[str, Any]) -> dict[str, object]:
    """Send an event to all workflows that wait for it, or to one."""
    kind, workflow = body["kind"], body.get("workflow")
    event = client().send_event(kind, body.get("data"), workflow)
    about(kind=kind, workflow=workflow, id=event)
    return done("event sent", event=event, **({"workflow": workflow} if workflow else {}))
