"""JSON values as they are stored: one text per value, checked before a script sees it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

#: Largest output of a step in bytes; a larger one fails the step. A workflow's state is not the
#: place for data: store it elsewhere and pass its address.
MAX_OUTPUT = 1_000_000

#: Text of the value that counts as nothing: joins drop it.
EMPTY = "{}"


class BadValue(ValueError):
    """Not a JSON value that can be stored; the message is a sentence for people."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


# Built once: json.loads and json.dumps build theirs at every call that has options.
_decode = json.JSONDecoder(parse_constant=_refuse).decode
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def dump(value: Any) -> str:
    """Compact JSON text. Raises BadValue for what JSON cannot hold."""
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadValue(f"this is no JSON value: {error}") from error


def load(text: str | bytes) -> Any:
    """The value of JSON text. Raises BadValue, for NaN and Infinity too."""
    try:
        return _decode(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise BadValue(f"this is no JSON text: {error}") from error


def output_text(text: str | bytes) -> str:
    """Check an output that somebody handed over as JSON text; null and `{}` become ``{}``.

    Raises BadValue if it is no JSON, not UTF-8, or longer than MAX_OUTPUT bytes.
    """
    if len(text) > MAX_OUTPUT:
        raise BadValue(
            f"the output has {len(text):,} bytes, more than {MAX_OUTPUT:,}: store it elsewhere and "
            "return its address"
        )
    value = load(text)
    if value is None or value == {}:
        return EMPTY
    return text.decode() if isinstance(text, bytes) else text
