"""JSON values as they are stored: one text per value, checked before a script sees it."""

from __future__ import annotations

import json
from typing import Any, Final

from littleflow_redis.events import event_codec

#: Largest output of a step in bytes; a larger one fails the step. A workflow's state is not the
#: place for data: store it elsewhere and pass its address.
MAX_OUTPUT = 1_000_000

#: Levels of lists and objects within each other that an output, an input or an event may have.
#: Python's stack holds 1,000 frames and walking a value uses up to three a level. Joins add levels.
#: No real data comes near the limit.
MAX_NESTING = 200

#: Text of the value that stands for no output and no input.
EMPTY = "{}"

#: Nothing was given, where null is a value.
ABSENT: Final = object()

#: The Python types of JSON's containers.
_NESTS = (dict, list, tuple)


class BadValue(ValueError):
    """Not a JSON value that can be stored; the message is a sentence for people."""


# Built once: json.dumps builds its own at every call that has options.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def dump(value: Any) -> str:
    """Compact JSON text. Raises BadValue for what JSON cannot hold."""
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadValue(f"this is no JSON value: {error}") from error


def load(text: str | bytes) -> Any:
    """The value of JSON text. Raises BadValue, for NaN, Infinity and numbers beyond a float too."""
    try:
        return event_codec.loads(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise BadValue(f"this is no JSON text: {error}") from error


def output_text(text: str | bytes, what: str = "the output") -> str:
    """Check an output that somebody handed over as JSON text; ``{}`` and null lose their spaces.

    Raises BadValue, which begins with ``what``, if it is longer than MAX_OUTPUT bytes or nested
    deeper than MAX_NESTING levels, and if it is no JSON or not UTF-8.
    """
    check_size(text, what)
    value = load(text)
    check_nesting(value, what)
    if value is None or value == {}:
        return dump(value)
    return text.decode() if isinstance(text, bytes) else text


def check_size(text: str | bytes, what: str = "the output") -> None:
    """Raises BadValue for JSON text of more than MAX_OUTPUT bytes."""
    if len(text) > MAX_OUTPUT:
        raise BadValue(
            f"{what} has {len(text):,} bytes, more than {MAX_OUTPUT:,}: store it elsewhere and "
            "return its address"
        )


def check_nesting(value: Any, what: str = "the output") -> None:
    """Raises BadValue for a value with more than MAX_NESTING levels."""
    if too_deep(value):
        raise BadValue(
            f"{what} has more than {MAX_NESTING} levels of lists and objects within each other: "
            "make it flatter, or write the inner ones as text"
        )


def too_deep(value: Any) -> bool:
    """Whether a value has more than MAX_NESTING levels; one that contains itself is none that this
    can be asked of. Walks level by level, which takes no stack.
    """
    level = [value] if isinstance(value, _NESTS) else []
    for _ in range(MAX_NESTING):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _NESTS)
        ]
        if not level:
            return False
    return True
