"""Many workflows to start, and the result of each."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length

from littleflow_redis.engine.client.starting import MOST_STARTS

from .common import ProblemSchema, described
from .fields import Id, JsonField

#: Characters of a text, and of an id; their own rules are stricter.
_TEXT, _ID = Length(1), Length(1, 210)


class StartItemSchema(ma.Schema):
    """One of the workflows to start."""

    workflow = ma.fields.String(
        validate=_TEXT, metadata=described("Its text. Default: the one for all.", "A → B")
    )
    input = JsonField(metadata=described("Its input: any JSON value.", {"x": 1}))
    workflow_id = ma.fields.String(
        validate=_ID,
        metadata=described(
            "Its id: with the same text and input, the same workflow. Default: a new id."
        ),
    )


class StartManySchema(ma.Schema):
    """Workflows to start."""

    workflow = ma.fields.String(
        validate=_TEXT, metadata=described("The text of those that have none.", "A → B")
    )
    starts = ma.fields.List(
        ma.fields.Nested(StartItemSchema),
        required=True,
        validate=Length(1, MOST_STARTS),
        metadata=described("Each of them."),
    )

    @ma.validates_schema
    def _texts(self, data: dict[str, Any], **_: Any) -> None:
        lacking = [n for n, start in enumerate(data["starts"]) if "workflow" not in start]
        if lacking and "workflow" not in data:
            missing = {"workflow": ["Give its text, or one for all in `workflow`."]}
            raise ma.ValidationError({"starts": dict.fromkeys(lacking, missing)})


class StartedSchema(ma.Schema):
    """The result of one start."""

    workflow = Id(
        required=True,
        allow_none=True,
        metadata=described("Its id; null if it was refused before it had one."),
    )
    status = ma.fields.String(required=True, metadata={"enum": ["Success", "Error"]})
    message = ma.fields.String(
        required=True, metadata=described("What was done; or what is wrong, and what to do next.")
    )
    error = ma.fields.String(
        metadata=described("The word of a start alone that is refused so.", "id-conflict")
    )
    errors = ma.fields.List(
        ma.fields.Nested(ProblemSchema), metadata=described("Each place of its text.")
    )


class StartedManySchema(ma.Schema):
    """The result of each start, in the order in which they were sent."""

    results = ma.fields.List(ma.fields.Nested(StartedSchema), required=True)
    started = ma.fields.Integer(required=True, metadata=described("How many were started."))
