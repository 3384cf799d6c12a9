"""Steps, their attempts, what they wait for, and what happened to them."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, Range

from littleflow_redis.engine.model.states import StepState
from littleflow_redis.engine.model.wait_kinds import WaitKind
from littleflow_redis.language import StepKind

from .common import STATES, described
from .fields import Id, JsonField, TimeField
from .flows import UnservedSchema
from .workflows import MOST_PER_PAGE

STEP_STATES = [state.value for state in StepState]

_SCOPE = described("The item of an iteration that it ran under, empty for none.", "3.0")


class ItemsSchema(ma.Schema):
    """The items of an iteration."""

    total = ma.fields.Integer(required=True)
    ended = ma.fields.Integer(required=True, metadata=described("How many are over."))
    failed = ma.fields.Integer(required=True, metadata=described("How many failed."))


class StepSchema(ma.Schema):
    """A step as it stands."""

    index = ma.fields.Integer(required=True, metadata=described("Its number, from 0.", 1))
    name = ma.fields.String(required=True, metadata=described("Its name, or what it is.", "fetch"))
    kind = ma.fields.String(required=True, metadata={"enum": [kind.value for kind in StepKind]})
    base = ma.fields.String(required=True, metadata=described("What serves it.", "math:add"))
    category = ma.fields.String(required=True, metadata=described("Who serves it.", "math"))
    parameters = JsonField(required=True, metadata=described("What its task receives."))
    state = ma.fields.String(required=True, metadata={"enum": STEP_STATES})
    queued = TimeField(
        required=True, allow_none=True, metadata=described("When it was handed out.")
    )
    started = TimeField(required=True, allow_none=True, metadata=described("When it was taken up."))
    ended = TimeField(required=True, allow_none=True, metadata=described("When it was over."))
    activations = ma.fields.Integer(required=True, metadata=described("How often it fired."))
    attempts = ma.fields.Integer(
        required=True, metadata=described("Attempts of the latest activation.")
    )
    open = ma.fields.Integer(required=True, metadata=described("Attempts that are not over."))
    waiting = ma.fields.Integer(
        required=True, metadata=described("Inputs that arrived for the next activation.")
    )
    reason = ma.fields.String(required=True, metadata=described("Why it failed or was cancelled."))
    waits = ma.fields.String(required=True, metadata=described("What it waits for, a sentence."))
    note = ma.fields.String(
        required=True, metadata=described("The note of its worker, such as Celery retry 2: …")
    )
    line = ma.fields.Integer(required=True, metadata=described("Where it stands in the text; 0."))
    column = ma.fields.Integer(required=True)
    items = ma.fields.Nested(
        ItemsSchema, required=True, allow_none=True, metadata=described("Null if it runs once.")
    )


class StepsSchema(ma.Schema):
    """A workflow and all its steps."""

    id = Id(required=True)
    name = ma.fields.String(required=True, allow_none=True)
    state = ma.fields.String(required=True, metadata={"enum": STATES})
    reason = ma.fields.String(required=True, metadata=described("Why it ended so."))
    reasons = ma.fields.List(
        ma.fields.String(), required=True, metadata=described("The same, a sentence each.")
    )
    created = TimeField(required=True)
    ended = TimeField(required=True, allow_none=True)
    done = ma.fields.Integer(required=True, metadata=described("Steps that ended or were skipped."))
    total = ma.fields.Integer(required=True, metadata=described("Steps in all."))
    input = JsonField(required=True, metadata=described("The workflow's input."))
    output = JsonField(required=True, metadata=described("Its output, null until it FINISHED."))
    has_source = ma.fields.Boolean(required=True, metadata=described("/source has its text."))
    unserved = ma.fields.List(
        ma.fields.Nested(UnservedSchema),
        required=True,
        metadata=described("What of its steps still to come nobody serves now."),
    )
    steps = ma.fields.List(ma.fields.Nested(StepSchema), required=True)


class AttemptSchema(ma.Schema):
    """One try of an activation."""

    number = ma.fields.Integer(required=True, metadata=described("Which try, from 1."))
    activation = ma.fields.Integer(required=True, metadata=described("Which firing, from 1."))
    scope = ma.fields.String(required=True, metadata=_SCOPE)
    queued = TimeField(required=True)
    started = TimeField(required=True, allow_none=True)
    ended = TimeField(required=True, allow_none=True)
    worker = ma.fields.String(required=True, metadata=described("The worker that claimed it."))
    result = ma.fields.String(
        required=True,
        metadata={
            "enum": ["", "end", "fail", "continue", "retry", "requeue", "cancel"],
            **described("How it was closed; empty while it is open."),
        },
    )
    reason = ma.fields.String(required=True)
    traceback = ma.fields.String(required=True)
    celery_id = ma.fields.String(required=True, metadata=described("Id of the Celery task."))


class StepDetailSchema(StepSchema):
    """A step with its input, its output and its attempts."""

    input = JsonField(required=True, metadata=described("What it got, or would get now."))
    output = JsonField(required=True, metadata=described("Its latest output."))
    history = ma.fields.List(ma.fields.Nested(AttemptSchema), required=True)


class ScopeSchema(ma.Schema):
    """Which item of an iteration."""

    scope = ma.fields.String(load_default="", validate=Length(0, 200), metadata=_SCOPE)


class WaitSchema(ma.Schema):
    """A step's wait."""

    workflow = Id(required=True)
    step = ma.fields.Integer(required=True, attribute="index")
    name = ma.fields.String(required=True)
    scope = ma.fields.String(required=True, metadata=_SCOPE)
    state = ma.fields.String(required=True, metadata={"enum": STEP_STATES})
    attempt = ma.fields.Integer(required=True, attribute="number")
    kind = ma.fields.String(
        required=True,
        metadata={
            "enum": [kind.value for kind in WaitKind],
            **described("For an event, a latch, a time, a category's worker, …"),
        },
    )
    on = ma.fields.String(required=True, metadata=described("Which of them.", "approved"))
    match = ma.fields.String(required=True, metadata=described("What the event has to match."))
    since = TimeField(required=True, allow_none=True)
    due = TimeField(required=True, allow_none=True, metadata=described("When that ends by itself."))
    owner = ma.fields.String(required=True, metadata=described("The group that took it."))
    sentence = ma.fields.String(required=True, metadata=described("The same for people."))


class WaitPageSchema(ma.Schema):
    """A part of what is waited for."""

    cursor = ma.fields.String(
        load_default="",
        validate=Length(0, 1_000),
        metadata=described("Where to go on: the header Link has it."),
    )
    size = ma.fields.Integer(
        load_default=50, validate=Range(1, MOST_PER_PAGE), metadata=described("How many to show.")
    )


class ChangeSchema(ma.Schema):
    """Something that happened to a workflow."""

    at = TimeField(required=True)
    what = ma.fields.String(required=True, metadata=described("What happened.", "queue"))
    step = ma.fields.Integer(
        required=True, allow_none=True, metadata=described("Null if it is about the workflow.")
    )
    scope = ma.fields.String(required=True, metadata=_SCOPE)
    activation = ma.fields.Integer(required=True)
    attempt = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    state = ma.fields.String(
        required=True,
        metadata=described("The state of the step, or workflow, afterwards; empty: as before."),
    )


class ChangesSchema(ma.Schema):
    """Changes, oldest first."""

    changes = ma.fields.List(ma.fields.Nested(ChangeSchema), required=True)
    next = ma.fields.Integer(metadata=described("`start` of the next page, if there is one."))


class ChangePageSchema(ma.Schema):
    """A part of the changes."""

    start = ma.fields.Integer(
        load_default=0, validate=Range(0, 10**9), metadata=described("How many to leave out.")
    )
    size = ma.fields.Integer(
        load_default=500, validate=Range(1, 10_000), metadata=described("How many to show.")
    )
