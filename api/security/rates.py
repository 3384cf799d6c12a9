"""The rate at which one caller may have texts parsed."""

from __future__ import annotations

import math

from flask import request

from ..context import caller, context
from ..errors import Refused
from ..traits import has_body


def check() -> None:
    """Refuse bodies that come too fast, by caller and address."""
    if not has_body(request.method):
        return
    seconds = context().rate.wait(f"{caller().name}@{request.remote_addr}")
    if seconds:
        raise Refused(
            429,
            "too-many",
            f"more than {context().config.rate} requests per second: wait, as Retry-After says",
            headers={"Retry-After": str(math.ceil(seconds))},
        )
