"""How the console is configured: where its pages find the API."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.settings import settings_class

#: Where the API listens by default; the pages call this port of their own host if nothing is said.
API_PORT = 5000

_HOST_NAME = re.compile(r"[A-Za-z0-9.-]+")


def api_address(environ: Mapping[str, str] | None = None) -> str:
    """The API's address for the pages: a URL, a path on the pages' own host, or empty.

    It is the attribute ``API`` of the class that SERVICE_CONFIG names, else the variable
    LITTLEFLOW_CONSOLE_API. Empty means: port 5000 of the host that the page came from. Raises
    ConfigurationError.
    """
    environ = os.environ if environ is None else environ
    configured = getattr(settings_class(environ.get("SERVICE_CONFIG", "")), "API", None)
    return checked(configured or environ.get("LITTLEFLOW_CONSOLE_API", ""))


def checked(address: object) -> str:
    """An address of the API, with a slash at its end. Raises ConfigurationError."""
    if address == "":
        return ""
    text = str(address)
    if not _fits(text):
        raise ConfigurationError(
            f"API is {text!r}; set it to something like http://localhost:{API_PORT}/, or to a path"
            " such as /api/ where a proxy hands it to the API"
        )
    return text.rstrip("/") + "/"


def _fits(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    remote = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    own = not parts.scheme and not parts.netloc and text.startswith("/")
    odd = parts.query or parts.fragment or re.search(r"[\s;,\"'\\]", text)
    return bool(remote or own) and not odd


def origins(address: str, host: str) -> list[str]:
    """The origins that the pages may connect to, for the content security policy.

    ``host`` is the name, without a port, by which the page was called.
    """
    if address.startswith("/"):
        return []
    if address:
        parts = urlsplit(address)
        return [f"{parts.scheme}://{parts.netloc}"]
    # The policy's grammar has no addresses such as [::1]; and nothing strange gets into a header.
    name = host if _HOST_NAME.fullmatch(host) else "*"
    return [f"{scheme}://{name}:{API_PORT}" for scheme in ("http", "https")]
