"""The documentation: OpenAPI, and Swagger UI from our own origin."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Response, jsonify, redirect, request, send_from_directory
from flask_smorest import current_api
from werkzeug.wrappers import Response as ResponseBase

from ..blueprint import Blueprint

blp = Blueprint("documentation", "What this is.")

_OURS = Path(__file__).parents[1] / "swagger"
_THEIRS = Path(flask_swagger_ui.__file__).parent / "dist"

#: The files of a page that is shown, and where each of them is.
ASSETS = {
    "index.html": _OURS,
    "page.js": _OURS,
    "page.css": _OURS,
    "swagger-ui.css": _THEIRS,
    "swagger-ui-bundle.js": _THEIRS,
    "favicon-32x32.png": _THEIRS,
}

#: Swagger UI sets styles from its script; nothing else may come from anywhere but here.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = ("text/html", "text/css", "text/javascript", "image/png")


@blp.get("/apispec.json")
@blp.response(200, {"type": "object"}, description="OpenAPI 3.1.")
def apispec() -> Response:
    """This API as an OpenAPI document."""
    return jsonify(current_api.spec.to_dict())


@blp.get("/apidocs/", produces=_TYPES)
@blp.response(200, {"type": "string"}, content_type="text/html")
@blp.response(308, {"type": "string"}, content_type="text/html")
def apidocs() -> ResponseBase:
    """This API as a page."""
    if not request.path.endswith("/"):
        # What the page loads lies beside it.
        return redirect("apidocs/", 308)
    return _asset("index.html")


@blp.get("/apidocs/<name>", produces=_TYPES, errors=(404,))
@blp.response(200, {"type": "string"}, content_type="text/css")
@blp.response(200, {"type": "string"}, content_type="text/javascript")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="image/png")
@blp.response(200, {"type": "string"}, content_type="text/html")
def apidocs_file(name: str) -> Response:
    """A file of that page."""
    return _asset(name)


def _asset(name: str) -> Response:
    folder = ASSETS.get(name)
    answer = send_from_directory(folder or _OURS, name if folder else "none")
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer
