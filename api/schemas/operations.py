"""Health, groups and bridges."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Range

from littleflow_redis.engine.views.health import MOST_LAG

from .common import described
from .fields import TimeField


class HealthSchema(ma.Schema):
    """It answers."""

    status = ma.fields.String(required=True, metadata={"enum": ["Success"]})


class LagSchema(ma.Schema):
    """The conditions of readiness."""

    max_lag = ma.fields.Integer(
        data_key="max-lag",
        validate=Range(0, MOST_LAG - 1),
        metadata=described("Not ready if a group has more entries to read. Default: any number."),
    )


class ReadySchema(ma.Schema):
    """It can work."""

    status = ma.fields.String(required=True, metadata={"enum": ["Success"]})
    redis = ma.fields.String(required=True, metadata=described("Redis answers.", "ok"))
    scripts = ma.fields.String(required=True, metadata=described("Scripts run there.", "ok"))
    lag = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata=described("Entries that each group has still to read.", {"ending": 0}),
    )


class GroupSchema(ma.Schema):
    """A consumer group of the stream."""

    name = ma.fields.String(required=True)
    consumers = ma.fields.Integer(required=True)
    pending = ma.fields.Integer(
        required=True, metadata=described("Entries read and not acknowledged.")
    )
    lag = ma.fields.Integer(
        required=True, metadata=described(f"Entries still to be read, counted up to {MOST_LAG}.")
    )


class BridgeSchema(ma.Schema):
    """Bridges to Celery that serve a category."""

    category = ma.fields.String(required=True)
    in_flight = ma.fields.Integer(
        required=True, metadata=described("Tasks published whose end has not come.")
    )


class GroupsSchema(ma.Schema):
    """The engine's health."""

    groups = ma.fields.List(ma.fields.Nested(GroupSchema), required=True)
    bridges = ma.fields.List(ma.fields.Nested(BridgeSchema), required=True)
    stream_length = ma.fields.Integer(required=True, metadata=described("Entries of the stream."))
    timers = ma.fields.Integer(required=True, metadata=described("Timers that are armed."))
    dead = ma.fields.Integer(required=True, metadata=described("Dead letters."))
    oldest = TimeField(
        required=True,
        allow_none=True,
        metadata=described("When the oldest task was handed out that nobody has taken up."),
    )
