"""Archives: a workflow as one document, handed over or put into an object store."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from littleflow_redis import extensions
from littleflow_redis.engine.archive import storage

from ..blueprint import Blueprint
from ..context import client
from ..schemas.archives import (
    ArchiveSchema,
    PlaceSchema,
    RestoreSchema,
    SourceSchema,
)
from ..schemas.common import DoneSchema, done
from ..security import stores
from ..security.audit import about

blp = Blueprint("archives", "A workflow as one document, in any state.")

_ERRORS = (404, 409)
_ATTACHMENT = {"Content-Disposition": {"schema": {"type": "string"}}}
_PLACE = {"Location": {"schema": {"type": "string"}, "description": "Where it was written."}}


@blp.get("/workflows/<workflow>/archive", errors=_ERRORS)
@blp.response(200, ArchiveSchema, headers=_ATTACHMENT)
def workflow_archive(workflow: str) -> Response:
    """The archive, as a file to download."""
    answer = jsonify(_archive(workflow))
    name = client().keys.short_id(workflow)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return answer


@blp.post("/workflows/<workflow>/archive", errors=_ERRORS)
@blp.arguments(PlaceSchema)
@blp.response(200, DoneSchema, headers=_PLACE)
def store_archive(body: dict[str, str], workflow: str) -> Any:
    """Write the archive to an object store, such as s3://bucket/path."""
    name = client().keys.short_id(workflow)
    uri = stores.check(body.get("uri") or f"s3://{body['bucket']}/{name}.json")
    about(uri=uri)
    storage.write(_archive(workflow), uri)
    return done("workflow archived", workflow=workflow, uri=uri), {"Location": uri}


@blp.post("/workflows/restore", archive=True, errors=_ERRORS)
@blp.arguments(RestoreSchema, description="Where an archive is, or the archive itself.")
@blp.response(200, DoneSchema)
def restore_workflow(body: dict[str, Any]) -> dict[str, object]:
    """Restore a workflow, as TERMINATED, under a new id; a restart goes on with it."""
    if body.keys() == {"uri"}:
        return _restore(storage.read(stores.check(body["uri"])), body["uri"])
    return _restore(body)


@blp.get("/workflows/restore", changes=True, errors=(*_ERRORS, 422))
@blp.query(SourceSchema)
@blp.response(200, DoneSchema)
def restore_by_get(query: dict[str, str]) -> dict[str, object]:
    """The same for old clients: from a page of ours, or with a token."""
    return _restore(storage.read(stores.check(query["uri"])), query["uri"])


def _archive(workflow: str) -> dict[str, Any]:
    archive = client().archive(workflow)
    for add_members in extensions.find_all("api.archive"):
        archive = add_members(client(), workflow, archive)
    return archive


def _restore(archive: dict[str, Any], uri: str | None = None) -> dict[str, object]:
    id = client().restore(archive)
    about(workflow=id, uri=uri)
    return done("workflow restored", workflow=id)
