"""One workflow: its state and its history, in upstream's vectors."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from littleflow_redis.compat import upstream_state

from ..blueprint import Blueprint
from ..context import client
from ..errors import Refused
from ..paging import LINK, link
from ..schemas.flows import VectorPageSchema
from ..schemas.workflows import StateSchema

blp = Blueprint("state", "The state of a workflow, as vectors: a number for each step.")


@blp.get("/workflows/<workflow>/state", errors=(404,))
@blp.response(200, StateSchema)
def workflow_state(workflow: str) -> dict[str, Any]:
    """The state, and the outputs of all steps."""
    return upstream_state.state(client(), workflow)


@blp.get("/workflows/<workflow>/trace/<vector>", errors=(404, 422))
@blp.query(VectorPageSchema)
@blp.response(
    200,
    {"type": "array", "items": {"type": "array", "items": {}, "minItems": 2}},
    headers=LINK,
    example=[["2026-11-26T10:45:01.123000+00:00", [0, 1, 0]]],
)
def workflow_vector(query: dict[str, int], workflow: str, vector: str) -> Response:
    """Changes of the vector S or A, newest first: [time, number for each step]."""
    if vector not in ("S", "A"):
        raise Refused(400, "unknown-vector", "there are the vectors S and A: ask for one of them")
    found, after = upstream_state.trace(client(), workflow, vector, query["next"], query["size"])
    answer = jsonify(found)
    if after is not None:
        answer.headers.update(link(next=after))
    return answer
