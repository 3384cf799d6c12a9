"""Waiting steps, and the cause of each wait."""

from __future__ import annotations

from typing import Any

from ..blueprint import Blueprint
from ..context import client
from ..paging import LINK, link
from ..schemas.steps import WaitPageSchema, WaitSchema

blp = Blueprint("waits", "What waits for what.")


@blp.get("/workflows/<workflow>/waits", errors=(404,))
@blp.response(200, WaitSchema(many=True))
def workflow_waits(workflow: str) -> Any:
    """The waits of a workflow's steps."""
    return client().waits(workflow)


@blp.get("/waits", errors=(422,))
@blp.query(WaitPageSchema)
@blp.response(200, WaitSchema(many=True), headers=LINK)
def all_waits(query: dict[str, Any]) -> Any:
    """The waits of all workflows' steps, the oldest workflow first."""
    page = client().waiting(cursor=query["cursor"], size=query["size"])
    return page.items, link(cursor=page.next) if page.next else {}
