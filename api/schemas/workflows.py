"""Workflows: how they are listed, started, shown."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from .common import STATES, described
from .fields import Id, JsonField, JsonText, StepField, TimeField

#: Workflows, changes or letters on a page at most.
MOST_PER_PAGE = 1_000


class SummarySchema(ma.Schema):
    """A workflow in a list."""

    id = Id(required=True, metadata=described("Its id.", "reviews-1b4e28ba"))
    state = ma.fields.String(required=True, metadata={"enum": STATES})
    name = ma.fields.String(
        required=True, allow_none=True, metadata=described("Name of its flow, null for none.")
    )
    created = TimeField(required=True, metadata=described("When it was started."))
    ended = TimeField(required=True, allow_none=True, metadata=described("When it ended."))
    done = ma.fields.Integer(required=True, metadata=described("Steps that have ended."))
    total = ma.fields.Integer(required=True, metadata=described("Steps in all."))


class StartSchema(ma.Schema):
    """A workflow to start."""

    workflow = ma.fields.String(
        required=True,
        validate=Length(1),
        metadata=described("The text of the workflow.", "A → B"),
    )
    input = JsonField(metadata=described("Its input: any JSON value.", {"x": 1}))
    workflow_id = ma.fields.String(
        validate=Length(1, 210),
        metadata=described(
            "Its id: with the same text and input, the same workflow. Default: a new id."
        ),
    )


class UploadSchema(ma.Schema):
    """A workflow to start, as a form."""

    workflow = ma.fields.String(
        required=True,
        validate=Length(1),
        metadata={**described("A file, or a field with the text."), "format": "binary"},
    )
    input = JsonText(metadata=described("Its input, as JSON text.", '{"x": 1}'))
    workflow_id = ma.fields.String(validate=Length(1, 210), metadata=described("Its id."))


class StartHeadersSchema(ma.Schema):
    """The headers of a start."""

    idempotency_key = ma.fields.String(
        data_key="Idempotency-Key",
        validate=Length(1, 200),
        metadata=described(
            "The same key of the same caller starts one workflow, whenever it is sent."
        ),
    )


class WorkflowSchema(ma.Schema):
    """A workflow named in a body."""

    workflow = ma.fields.String(
        required=True, validate=Length(1, 300), metadata=described("The workflow's id.")
    )


class RestartSchema(ma.Schema):
    """How a workflow goes on."""

    all = ma.fields.Boolean(
        load_default=False, metadata=described("Start again what still runs, too.")
    )
    steps = ma.fields.List(
        StepField(),
        data_key="from",
        load_default=list,
        validate=Length(0, 1_000),
        metadata=described("Steps that begin anew with all that follows.", ["fetch", 3]),
    )
    input = JsonField(
        metadata=described("What the one step in `from` gets in place of its input, null too.")
    )


class EndSchema(ma.Schema):
    """The end of a task."""

    name = ma.fields.String(metadata=described("The step's name, if it is to be checked."))
    status = ma.fields.String(load_default="SUCCESS", validate=OneOf(["SUCCESS", "FAILURE"]))
    output = JsonField(metadata=described("Its output."))
    reason = ma.fields.String(metadata=described("Why it failed."))
    token = ma.fields.String(metadata=described("The attempt. Default: the oldest open one."))
