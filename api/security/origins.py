"""Web pages: which may call (CORS), and that no other makes a browser change something here."""

from __future__ import annotations

from flask import Response, current_app, request

from ..context import caller, context
from ..errors import Refused
from ..traits import traits
from .ids import HEADER as REQUEST_ID

#: Seconds for which a browser remembers what it may send.
PREFLIGHT_AGE = 600

_MAY_SEND = (
    "Authorization", "Content-Type", "Accept", "Idempotency-Key", "Last-Event-ID", REQUEST_ID,
)  # fmt: skip
_MAY_READ = ("Link", "Location", "Retry-After", "Content-Disposition", REQUEST_ID)


def _allowed(origin: str) -> bool:
    """Whether pages of this origin may call: a configured one, or our own."""
    # Not urlsplit, which raises ValueError: what is no URL is nobody's origin.
    own = origin.partition("://")[2].lower() == request.headers.get("Host", "").lower()
    return origin in context().config.origins or (own and "://" in origin)


def check() -> None:
    """Refuse requests that pages of other sites send, whatever they ask for."""
    origin = request.headers.get("Origin")
    if origin is not None and not _allowed(origin):
        raise Refused(
            403,
            "foreign-origin",
            "pages of that origin may not call this: add it to LITTLEFLOW_API_ORIGINS if it should",
        )


def preflight() -> Response | None:
    """Answer a browser that asks what it may send. It asks without a token; it learns nothing."""
    asked = "Access-Control-Request-Method" in request.headers and "Origin" in request.headers
    if request.method != "OPTIONS" or not asked:
        return None
    answer: Response = current_app.make_default_options_response()
    answer.status_code = 204
    answer.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
    answer.headers["Access-Control-Allow-Headers"] = ", ".join(_MAY_SEND)
    answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_AGE)
    return answer


def check_changing_get() -> None:
    """A link or an image on any page can make a browser send a GET. So a GET that changes something
    must come from a page of ours, from no browser, or with a token.
    """
    if request.method not in ("GET", "HEAD") or not traits().changes:
        return
    if request.method == "HEAD":
        # Flask answers HEAD by what GET does; nobody who sends one wants a change.
        raise Refused(405, "method-not-allowed", "send a GET or, better, a POST")
    if caller().authenticated:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Refused(
            403,
            "cross-site",
            "this GET changes something: send a POST, or a token in the header Authorization",
        )


def allow(answer: Response) -> Response:
    """Let pages of a configured origin read the answer."""
    answer.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin in context().config.origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = ", ".join(_MAY_READ)
    return answer
