"""Fields of the stream's events, read strictly: each is right, or the event is garbage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import json_values

#: JSON text of a string without escapes: most are, and need no parser.
_PLAIN = re.compile(rb'"[ !#-\[\]-~]*"')

#: A lone surrogate: JSON can write it, UTF-8 cannot.
SURROGATE = re.compile("[\ud800-\udfff]")


class Garbage(ValueError):
    """The event cannot be processed; the message says which field is wrong and why."""


def field(fields: Mapping[bytes, bytes], name: bytes, default: Any) -> Any:
    """The JSON value of a field, ``default`` where it is missing. Raises Garbage."""
    raw = fields.get(name)
    if raw is None:
        return default
    try:
        return json_values.load(raw)
    except json_values.BadValue as error:
        raise Garbage(f"field {name.decode()!r}: {error}") from error


def text(fields: Mapping[bytes, bytes], name: bytes, default: str | None = None) -> str:
    """A field that must be a string without lone surrogates. Raises Garbage."""
    raw = fields.get(name, b"")
    if _PLAIN.fullmatch(raw):
        return raw[1:-1].decode("ascii")
    value = field(fields, name, default)
    if not isinstance(value, str):
        problem = "is missing" if value is None else "must be a string"
        raise Garbage(f"field {name.decode()!r} {problem}")
    if not value.isascii() and SURROGATE.search(value):
        raise Garbage(f"field {name.decode()!r} contains a lone surrogate")
    return value


def index(fields: Mapping[bytes, bytes]) -> int:
    """The number of a step. Raises Garbage."""
    value = field(fields, b"index", None)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**9:
        raise Garbage("field 'index' must be a step's number")
    return value
