"""Types, sizes and codings of bodies, before a byte of them is looked at; types of answers."""

from __future__ import annotations

from flask import request

from ..context import context
from ..errors import Refused
from ..traits import has_body, traits


def check_body() -> None:
    """Refuse bodies that are too large, compressed, or of a type that the view does not take."""
    if not has_body(request.method):
        return
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(
            415,
            "compressed",
            "compressed bodies are not accepted: send it without Content-Encoding",
        )
    config, accepts = context().config, traits().accepts
    most = config.max_archive if traits().archive else config.max_body
    request.max_content_length = request.max_form_memory_size = most
    request.max_form_parts = 10
    if (request.content_length or 0) > most:
        raise Refused(413, "too-large", f"the body has more than {most:,} bytes: send less")
    empty = not request.content_length and "Transfer-Encoding" not in request.headers
    if request.url_rule is not None and not empty and request.mimetype not in accepts:
        raise Refused(
            415,
            "unsupported-type",
            f"a body of this type is not accepted: send {' or '.join(accepts)}",
            headers={"Accept": ", ".join(accepts)},
        )


def check_accept() -> None:
    """Refuse callers that understand none of what the view can answer."""
    produces = traits().produces
    if request.url_rule is None or not request.accept_mimetypes:
        return
    if not any(request.accept_mimetypes[offer] > 0 for offer in produces):
        raise Refused(
            406, "not-acceptable", f"this answers {' or '.join(produces)}: accept that, or */*"
        )
