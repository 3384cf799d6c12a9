"""Headers that keep browsers from doing anything with an answer but showing it to who asked."""

from __future__ import annotations

from flask import Response

from ..context import request_id
from .ids import HEADER as REQUEST_ID

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def add(answer: Response) -> Response:
    """Add them where the view has not said otherwise."""
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers[REQUEST_ID] = request_id()
    return answer
