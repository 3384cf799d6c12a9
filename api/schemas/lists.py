"""Finding workflows, and acting on many."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from littleflow_redis.engine.operations import bulk
from littleflow_redis.engine.views.listing import SORTS, Query

from .common import STATES, described
from .fields import Id, TimeField
from .workflows import MOST_PER_PAGE

#: Characters of a name or text to look for.
LONGEST_TEXT = 200


class FilterSchema(ma.Schema):
    """Which workflows."""

    state = ma.fields.List(
        ma.fields.String(validate=OneOf(STATES)),
        validate=Length(0, len(STATES)),
        metadata=described("In one of these states.", ["FAILED"]),
    )
    name = ma.fields.String(
        validate=Length(0, LONGEST_TEXT),
        metadata=described("Their flow's name begins so, or is so: `*`, `?` and `[…]` may stand."),
    )
    since = TimeField(metadata=described("From this time on.", "2026-01-31T12:00:00Z"))
    until = TimeField(metadata=described("Up to this time.", "2026-02-28T12:00:00Z"))
    q = ma.fields.String(
        validate=Length(0, LONGEST_TEXT), metadata=described("A part of their id or name.")
    )


class ListSchema(FilterSchema):
    """Which workflows, in which order, and how many."""

    sort = ma.fields.String(
        load_default="-created",
        validate=OneOf(list(SORTS)),
        metadata=described("By which time; `-` puts the latest first."),
    )
    cursor = ma.fields.String(
        load_default="",
        validate=Length(0, 1_000),
        metadata=described("Where to go on: the header Link has it."),
    )
    next = ma.fields.Integer(
        validate=Range(0, 10**9),
        metadata=described("How many to leave out, for old clients; a cursor is stable."),
    )
    size = ma.fields.Integer(
        load_default=50, validate=Range(1, MOST_PER_PAGE), metadata=described("How many to show.")
    )

    @ma.validates_schema
    def _either(self, data: dict[str, Any], **_: Any) -> None:
        others = set(data) - {"next", "size"}
        if "next" in data and (others != {"sort", "cursor"} or data["cursor"]):
            raise ma.ValidationError("Goes with size only: use a cursor.", "next")


class BulkSchema(ma.Schema):
    """An action, and its workflows: either ids or a filter."""

    action = ma.fields.String(
        required=True, validate=OneOf(list(bulk.Action)), metadata=described("What to do.")
    )
    ids = ma.fields.List(
        ma.fields.String(validate=Length(1, 300)),
        validate=Length(1, bulk.MOST),
        metadata=described("These workflows."),
    )
    filter = ma.fields.Nested(
        FilterSchema, metadata=described("Those of this kind; `{}` is all there are.")
    )
    limit = ma.fields.Integer(
        load_default=bulk.MOST,
        validate=Range(1, bulk.MOST),
        metadata=described("How many of them at most."),
    )

    @ma.validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if ("ids" in data) == ("filter" in data):
            raise ma.ValidationError("Give either ids or a filter.", "filter")


class ResultSchema(ma.Schema):
    """The result for one workflow."""

    workflow = Id(required=True)
    status = ma.fields.String(required=True, metadata={"enum": ["Success", "Error"]})
    message = ma.fields.String(required=True)


class BulkDoneSchema(ma.Schema):
    """The result for each."""

    results = ma.fields.List(ma.fields.Nested(ResultSchema), required=True)
    more = ma.fields.Boolean(
        required=True, metadata=described("The filter has more: send it again.")
    )


def query_of(given: dict[str, Any]) -> Query:
    """The engine's query from a filter or a list's parameters."""
    return Query(
        states=given.get("state", ()),
        name=given.get("name", ""),
        since=given.get("since"),
        until=given.get("until"),
        text=given.get("q", ""),
        sort=given.get("sort", "-created"),
    )
