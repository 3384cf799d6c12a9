"""Events and dead letters."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, Range

from littleflow_redis.engine.model.json_values import BadValue
from littleflow_redis.engine.model.user_events import MAX_KIND, OURS, check_data

from .common import described
from .fields import TimeField
from .workflows import MOST_PER_PAGE


class EventSchema(ma.Schema):
    """An event to send."""

    kind = ma.fields.String(
        required=True,
        validate=Length(1, MAX_KIND),
        metadata=described("What happened.", "approved"),
    )
    data = ma.fields.Dict(keys=ma.fields.String(), metadata=described("Its fields.", {"order": 17}))
    workflow = ma.fields.String(
        validate=Length(1, 300), metadata=described("The one workflow that it is for.")
    )

    @ma.validates("kind")
    def _users(self, kind: str, **_: Any) -> None:
        if kind in OURS:
            raise ma.ValidationError("Only the engine sends events of this kind.")

    @ma.validates("data")
    def _fields(self, data: dict[str, Any], **_: Any) -> None:
        try:
            check_data(data)
        except BadValue as error:
            raise ma.ValidationError(f"{error}.") from error


class LetterSchema(ma.Schema):
    """An event that could not be processed."""

    id = ma.fields.String(required=True, metadata=described("The letter's id."))
    at = TimeField(required=True, metadata=described("When it was given up."))
    reason = ma.fields.String(required=True, metadata=described("Why."))
    event = ma.fields.String(required=True, metadata=described("The event's id in the stream."))
    kind = ma.fields.String(required=True)
    workflow = ma.fields.String(required=True, metadata=described("Of which workflow, if it says."))
    cut = ma.fields.Boolean(
        required=True, metadata=described("It was too large to be kept as a whole.")
    )
    ended = ma.fields.Boolean(
        required=True, metadata=described("It was a task, which has ended as failed.")
    )
    fields_ = ma.fields.Dict(
        required=True, data_key="fields", attribute="fields", metadata=described("The event.")
    )


class LetterPageSchema(ma.Schema):
    """A part of the letters."""

    start = ma.fields.String(
        load_default="", validate=Length(0, 50), metadata=described("Go on after this dead letter.")
    )
    size = ma.fields.Integer(
        load_default=50, validate=Range(1, MOST_PER_PAGE), metadata=described("How many to show.")
    )
