"""The common parts of many answers."""

from __future__ import annotations

import marshmallow as ma

from littleflow_redis.engine.model.states import WorkflowState

from .fields import Id

STATES: list[str] = [state.value for state in WorkflowState]

#: What is said of a text that can be searched for, or named, at most this long.
LONGEST = 500


def described(text: str, example: object = None) -> dict[str, object]:
    """Metadata of a field: what it means, and what it may look like."""
    return {"description": text} if example is None else {"description": text, "example": example}


class ProblemSchema(ma.Schema):
    """One place that is wrong."""

    field = ma.fields.String(metadata=described("The field of the body or query.", "json.input"))
    message = ma.fields.String(required=True, metadata=described("What is wrong with it."))
    line = ma.fields.Integer(metadata=described("Line of the workflow's text, from 1.", 1))
    column = ma.fields.Integer(metadata=described("Column in that line, from 1.", 5))
    kind = ma.fields.String(metadata=described("What it is about.", "syntax"))
    expected = ma.fields.String(metadata=described("What could stand there."))
    hint = ma.fields.String(metadata=described("What to do."))
    caret = ma.fields.String(
        metadata=described("The line, and a caret below the place.", "A → → B\n    ^")
    )


class ErrorSchema(ma.Schema):
    """One fault. `error` stays the same from version to version, `message` may change."""

    code = ma.fields.Integer(required=True, metadata=described("The HTTP status.", 404))
    status = ma.fields.String(required=True, metadata={"enum": ["Error"]})
    error = ma.fields.String(required=True, metadata=described("A word.", "unknown-workflow"))
    message = ma.fields.String(
        required=True, metadata=described("What is wrong, and what to do next.")
    )
    errors = ma.fields.List(ma.fields.Nested(ProblemSchema), metadata=described("Each place."))
    request_id = ma.fields.String(metadata=described("How the log calls this request."))


class DoneSchema(ma.Schema):
    """Something was done."""

    status = ma.fields.String(required=True, metadata={"enum": ["Success"]})
    message = ma.fields.String(required=True, metadata=described("What was done."))
    workflow = Id(metadata=described("The workflow it was done to."))
    state = ma.fields.String(metadata={"enum": STATES, **described("Its state now.")})
    uri = ma.fields.String(metadata=described("Where something was written."))
    event = ma.fields.String(metadata=described("The event's id in the stream."))


def done(message: str, **fields: object) -> dict[str, object]:
    """The answer that something was done."""
    return {"status": "Success", "message": message, **fields}
