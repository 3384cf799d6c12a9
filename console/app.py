"""The WSGI application: hands out the pages and says where the API is; never talks to the API."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from os.path import isfile  # Unlike Path's, it knows that a name too long names no file.
from urllib.parse import quote, urlsplit

from flask import Flask, Response, jsonify, make_response, redirect, request, send_from_directory
from werkzeug.exceptions import HTTPException, NotFound

from .config import api_address, origins
from .files import NOT_BUILT, STATIC, built

#: The name of a file under ``assets/`` contains a digest of what is in it: it never changes.
_FOREVER = "public, max-age=31536000, immutable"
#: Everything else is asked for each time, and answered with 304 while it is the same.
_ASK = "no-cache"

#: What the pages may do, apart from connecting to the API. Graphviz, in its worker, is wasm.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self';"
    " img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; connect-src {sources}"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def create_service(api: str | None = None) -> Flask:
    """Make the application; ``api`` is the API's address, by default the configured one.

    Raises ConfigurationError.
    """
    address = api_address() if api is None else api
    app = Flask(__name__, static_folder=None)
    app.before_request(_before)
    app.after_request(_protect(address))
    app.register_error_handler(HTTPException, _error)
    app.add_url_rule("/config.json", view_func=lambda: jsonify(api=address), endpoint="config")
    app.add_url_rule("/workflow", view_func=_workflow, strict_slashes=False)
    app.add_url_rule("/", view_func=lambda: _page("index.html"), endpoint="index")
    app.add_url_rule("/<path:name>", view_func=_page)
    return app


def _before() -> Response | None:
    if not request.environ.get("PATH_INFO"):
        # Under a prefix without its slash, the page's relative addresses would miss the prefix.
        return _to(f"{request.script_root}/")
    return None if built() else _text(NOT_BUILT, 503)


def _page(name: str) -> Response:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = request.accept_encodings.quality("gzip") > 0 and isfile(STATIC / f"{name}.gz")
    response = send_from_directory(STATIC, f"{name}.gz" if packed else name, mimetype=kind)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = _FOREVER if name.startswith("assets/") else _ASK
    response.vary.add("Accept-Encoding")
    return response


def _workflow() -> Response:
    """Where upstream's console had the page of a workflow: ``/workflow?id=ID``."""
    id = request.args.get("id", "").removeprefix("workflow:")
    # Relative, so that it holds under any prefix, also one that a proxy has taken off.
    up = "../" if request.path.endswith("/") else "./"
    return _to(f"{up}#/workflow/{quote(id, safe='')}" if id else up)


def _to(place: str) -> Response:
    response = make_response(redirect(place))
    response.headers["Cache-Control"] = _ASK
    return response


def _protect(address: str) -> Callable[[Response], Response]:
    def protect(response: Response) -> Response:
        host = urlsplit(f"//{request.host}").hostname or ""
        sources = " ".join(["'self'", *origins(address, host)])
        response.headers["Content-Security-Policy"] = _POLICY.format(sources=sources)
        response.headers.update(_HEADERS)
        response.headers.setdefault("Cache-Control", _ASK)
        return response

    return protect


def _error(error: HTTPException) -> Response:
    if isinstance(error, NotFound):
        return _text("There is no such page. The console begins at its first page.", 404)
    return _text(str(error.description), error.code or 500)


def _text(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, mimetype="text/plain")
