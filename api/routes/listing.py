"""Lists of workflows."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from ..blueprint import Blueprint
from ..context import client
from ..paging import LINK, link
from ..schemas.lists import ListSchema, query_of
from ..schemas.workflows import SummarySchema

blp = Blueprint("workflows", "Lists of workflows.")


@blp.get("/workflows/", errors=(422,))
@blp.query(ListSchema)
@blp.response(200, SummarySchema(many=True), headers=LINK)
def list_workflows(query: dict[str, Any]) -> Any:
    """Workflows by state, name, time and text, newest first."""
    if "next" in query:
        return _numbered(query["next"], query["size"])
    page = client().search(query_of(query), cursor=query["cursor"], size=query["size"])
    return page.items, link(cursor=page.next) if page.next else {}


def _numbered(start: int, size: int) -> Any:
    """A page as old clients ask for it."""
    found = client().list(start=start, size=size + 1)
    return found[:size], link(next=start + size) if len(found) > size else {}


@blp.get("/inprogress")
@blp.response(200, {"type": "array", "items": {"type": "string"}}, example=["reviews-1b4e28ba"])
def list_in_progress() -> Response:
    """Ids of workflows that are RUNNING or TERMINATING."""
    return jsonify(client().in_progress())
