"""Dead letters: events that could not be processed."""

from __future__ import annotations

from typing import Any

from ..blueprint import Blueprint
from ..context import client
from ..paging import LINK, link
from ..schemas.common import DoneSchema, done
from ..schemas.events import LetterPageSchema, LetterSchema

blp = Blueprint("dead letters", "Events that could not be processed.")


@blp.get("/dead", errors=(404, 422))
@blp.query(LetterPageSchema)
@blp.response(200, LetterSchema(many=True), headers=LINK)
def list_dead(query: dict[str, Any]) -> Any:
    """Dead letters, newest first."""
    size = query["size"]
    found = client().dead_letters(query["start"], size + 1)
    if len(found) <= size:
        return found
    return found[:size], link(start=found[size - 1].id)


@blp.post("/dead/<letter>/retry", errors=(404, 409))
@blp.response(200, DoneSchema)
def retry_dead(letter: str) -> dict[str, object]:
    """Send the event again, and remove the letter."""
    return done("event sent again", event=client().retry_dead(letter))


@blp.delete("/dead/<letter>", errors=(404,))
@blp.response(200, DoneSchema)
def drop_dead(letter: str) -> dict[str, object]:
    """Remove a letter for good."""
    client().drop_dead(letter)
    return done("dead letter removed")
