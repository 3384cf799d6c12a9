"""One workflow: its state and its history, in upstream's vectors."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from marshmallow.validate import Range

from littleflow_redis.api.blueprint import Blueprint
from littleflow_redis.api.context import client
from littleflow_redis.api.errors import Refused
from littleflow_redis.api.paging import LINK, link
from littleflow_redis.api.schemas.common import STATES, described
from littleflow_redis.api.schemas.fields import JsonField

from . import upstream_state

blp = Blueprint("state", "The state of a workflow, as vectors: a number for each step.")


class StateSchema(ma.Schema):
    """The state of a workflow, in upstream's vectors: a number for each step."""

    state = ma.fields.String(required=True, metadata={"enum": STATES})
    S = ma.fields.List(
        ma.fields.Integer(), required=True, metadata=described("Open attempts of each step.")
    )
    A = ma.fields.List(
        ma.fields.Integer(), required=True, metadata=described("Inputs that wait for each step.")
    )
    failures = ma.fields.List(
        ma.fields.Integer(), metadata=described("1 for each step that failed; only if one did.")
    )
    output = ma.fields.List(
        JsonField(), required=True, metadata=described("The output of each step, null for none.")
    )


class VectorPageSchema(ma.Schema):
    """A part of a history."""

    next = ma.fields.Integer(
        load_default=0, validate=Range(0, 10**9), metadata=described("How many to leave out.")
    )
    size = ma.fields.Integer(
        load_default=1_000,
        validate=Range(1, 10_000),
        metadata=described("How many to show at most; fewer, if there are many steps."),
    )


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
