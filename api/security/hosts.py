"""The Host header. A web page can make its own name lead here (DNS rebinding): whoever is trusted
for being on this machine must therefore call it by a name of this machine."""

from __future__ import annotations

import re

from flask import request

from ..context import context
from ..errors import Refused

_FORM = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(:[0-9]{1,5})?", re.ASCII)


def check_form() -> None:
    """Refuse what can be no host, and names that are not ours if names are configured."""
    given = request.headers.get("Host", "")
    if not _FORM.fullmatch(given):
        raise Refused(
            400, "bad-host", "the header Host is not a name with or without a port: send one"
        )
    if context().config.hosts_given:
        check_trusted()


def check_trusted() -> None:
    """Refuse names that are not ours."""
    given = request.headers.get("Host", "").lower()
    if not {given, _FORM.sub(r"\1", given)} & context().config.hosts:
        raise Refused(
            403,
            "foreign-host",
            "this is not called by that name: use localhost or 127.0.0.1, or add the name to "
            "LITTLEFLOW_API_HOSTS",
        )
