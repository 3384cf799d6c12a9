"""What waits for what."""

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
    """What the steps of a workflow wait for."""
    return client().waits(workflow)


@blp.get("/waits", errors=(422,))
@blp.query(WaitPageSchema)
@blp.response(200, WaitSchema(many=True), headers=LINK)
def all_waits(query: dict[str, Any]) -> Any:
    """What the steps of all workflows wait for, the oldest workflow first."""
    page = client().waiting(cursor=query["cursor"], size=query["size"])
    return page.items, link(cursor=page.next) if page.next else {}
