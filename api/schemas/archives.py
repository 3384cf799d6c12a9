"""Archives, and where they are."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, Regexp

from .common import LONGEST, STATES, described
from .fields import JsonField


class ArchiveSchema(ma.Schema):
    """A workflow as one document; more members than these are explained in docs/how-to."""

    class Meta:
        unknown = ma.INCLUDE

    format = ma.fields.String(metadata=described("", "littleflow-archive"))
    version = ma.fields.Integer()
    id = ma.fields.String()
    state = ma.fields.String(metadata={"enum": STATES})
    flow = ma.fields.Dict(metadata=described("What runs."))
    steps = ma.fields.Dict(metadata=described("The record of each step."))
    outputs = ma.fields.Dict(metadata=described("The latest output of each step."))
    F = ma.fields.List(ma.fields.List(ma.fields.Integer()))
    T = ma.fields.List(ma.fields.List(JsonField()))
    S = ma.fields.List(
        ma.fields.List(JsonField()),
        metadata=described("As /trace/S has it; not of a large workflow."),
    )
    A = ma.fields.List(
        ma.fields.List(JsonField()),
        metadata=described("As /trace/A has it; not of a large workflow."),
    )


class PlaceSchema(ma.Schema):
    """Where to write an archive: one of both."""

    uri = ma.fields.String(
        validate=Length(1, LONGEST), metadata=described("Its URI.", "s3://archives/a.json")
    )
    bucket = ma.fields.String(
        validate=Regexp(r"^[a-z0-9][a-z0-9.-]{1,62}\Z", error="Not the name of a bucket."),
        metadata=described("A bucket on S3: it is called ID.json there.", "archives"),
    )

    @ma.validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ma.ValidationError("Give either uri or bucket.", "uri")


class SourceSchema(ma.Schema):
    """Where an archive is."""

    uri = ma.fields.String(
        required=True,
        validate=Length(1, LONGEST),
        metadata=described("Its URI.", "s3://archives/a.json"),
    )


class RestoreSchema(ma.Schema):
    """Where an archive is, or a whole archive."""

    class Meta:
        unknown = ma.INCLUDE

    uri = ma.fields.String(
        validate=Length(1, LONGEST), metadata=described("Its URI.", "s3://archives/a.json")
    )
