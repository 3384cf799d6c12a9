"""Starting workflows."""

from __future__ import annotations

from typing import Any

from littleflow_redis.engine.operations.idempotency import workflow_id

from ..blueprint import Blueprint
from ..context import caller, client
from ..schemas.common import DoneSchema, done
from ..schemas.workflows import StartHeadersSchema, StartSchema, UploadSchema
from ..security.audit import about
from ..traits import JSON, MULTIPART, TEXT

blp = Blueprint("start", "Starting workflows.")

_TEXT_BODY = {"content": {TEXT: {"schema": {"type": "string", "minLength": 1}, "example": "A → B"}}}


@blp.post("/workflows/start", accepts=(JSON, TEXT), errors=(409,))
@blp.arguments(StartSchema, description="The workflow, as JSON or as its text alone.")
@blp.doc(requestBody=_TEXT_BODY)
@blp.arguments(StartHeadersSchema, location="headers")
@blp.response(200, DoneSchema)
def start_workflow(body: dict[str, Any], headers: dict[str, Any]) -> dict[str, object]:
    """Start a workflow."""
    return _start(body, headers)


@blp.post("/workflows/start/upload", accepts=(MULTIPART,), errors=(409,))
@blp.arguments(UploadSchema, location="files")
@blp.arguments(StartHeadersSchema, location="headers")
@blp.response(200, DoneSchema)
def upload_workflow(form: dict[str, Any], headers: dict[str, Any]) -> dict[str, object]:
    """Start a workflow from a form with a file."""
    return _start(form, headers)


def _start(given: dict[str, Any], headers: dict[str, Any]) -> dict[str, object]:
    key, id = headers.get("idempotency_key"), given.get("workflow_id")
    if key and not id:
        id = workflow_id(key, caller().name)
    started = client().start(given["workflow"], given.get("input"), workflow_id=id)
    about(workflow=started)
    return done("workflow started", workflow=started)
