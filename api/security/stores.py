"""Where archives may be: without this rule a caller could make the service read and write anything
that it can reach, its own files and other services included."""

from __future__ import annotations

from urllib.parse import unquote

from ..context import context
from ..errors import Refused


def check(uri: str) -> str:
    """The URI, if it begins as one of LITTLEFLOW_API_ARCHIVES does. Raises Refused."""
    plain = unquote(uri)
    odd = (
        # fsspec takes a::b for one file system in another one.
        "::" in plain or ".." in plain.replace("\\", "/").split("/") or not plain.isprintable()
    )
    if odd or not any(_within(uri, place) for place in context().config.archives):
        places = ", ".join(context().config.archives)
        raise Refused(
            403,
            "uri-not-allowed",
            f"archives may be at {places} only: add the place to LITTLEFLOW_API_ARCHIVES",
        )
    return uri


def _within(uri: str, place: str) -> bool:
    """Whether a place holds it; ``s3://a`` holds ``s3://a/b``, and not ``s3://ab``."""
    return uri.startswith(place if place.endswith("/") else f"{place}/")
