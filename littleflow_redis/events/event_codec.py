"""The form of events in the stream: every field's value is JSON text in UTF-8.

It is the form of the PyPI package ``rqse``. Nothing here needs Redis.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

#: One event: field names and JSON values.
Event = dict[str, Any]

#: The fields of an entry as redis-py returns them.
Fields = Mapping[bytes, bytes]

#: The id of an entry. Both numbers have 64 bits, and Redis rejects larger ones: 19 digits always
#: fit, and no clock reaches 20.
ENTRY_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}", re.ASCII)


class GarbageError(ValueError):
    """A field of an entry is not JSON text in UTF-8, or its name is not UTF-8."""


# Built once: json.dumps and json.loads build theirs at every call that has options. NaN and
# Infinity are no JSON: a listener in another language could not read them.
_dumps = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        # It could not be written again.
        raise ValueError(f"{text[:40]} is too large a number")
    return number


#: Parse JSON text. Raises ValueError for anything else, which includes NaN, Infinity and numbers
#: beyond a float; RecursionError for text nested too deeply for Python.
loads = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).decode


def encode(event: Mapping[str, Any]) -> dict[str, str]:
    """Turn an event into the fields of an entry.

    Raises TypeError for a value that JSON does not have. Raises ValueError for NaN, Infinity, a
    value that contains itself, a name that is not UTF-8 and an event without fields. Both name
    the field.
    """
    if not event:
        raise ValueError("an event needs at least one field; message(kind=…) makes one")
    return {name: _encode_field(name, value) for name, value in event.items()}


def _encode_field(name: str, value: Any) -> str:
    if not name.isascii():
        _check_name(name)
    try:
        return _dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"the field {name!r} cannot be written as JSON: {error}") from error


def _check_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the field {name!r} cannot be written: its name is not UTF-8") from error


def decode(fields: Fields) -> Event:
    """Turn the fields of an entry into an event. Raises GarbageError, which names the field."""
    return {_name(raw): decode_value(value, raw) for raw, value in fields.items()}


def decode_value(value: bytes, name: bytes = b"value") -> Any:
    """Read one field's JSON text. Raises GarbageError, which names the field."""
    try:
        return loads(value.decode())
    except (ValueError, RecursionError) as error:
        raise GarbageError(f"the field {_shown(name)} is not JSON text: {error}") from error


def decode_tolerant(fields: Fields) -> Event:
    """Turn the fields of any entry into values to show; a field that is not JSON becomes text."""
    return {_readable(name): _tolerant_value(value) for name, value in fields.items()}


def _tolerant_value(value: bytes) -> Any:
    try:
        return decode_value(value)
    except GarbageError:
        return _readable(value)


def _name(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise GarbageError(f"a field's name is not UTF-8: {_shown(raw)}") from error


def _shown(raw: bytes, limit: int = 100) -> str:
    return repr(_readable(raw[:limit]))


def _readable(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")


def sendable(text: str) -> str:
    """Escape lone surrogates, as in file names that are not UTF-8: no server accepts them."""
    return text.encode(errors="backslashreplace").decode()


def printable(text: str) -> str:
    """The text on one line with control characters escaped, as names and reasons may have some."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def message(
    data: Mapping[str, Any] | None = None,
    kind: str | None = None,
    api_version: str = "v1",
    at: datetime | None = None,
    response_for: str | None = None,
) -> Event:
    """Make an event of ``data``, with ``kind``, ``apiVersion``, ``at`` and ``for`` filled in.

    Fields of ``data`` are kept; ``data`` itself is not changed. ``at`` defaults to the present
    time; ``response_for`` is the id of the event that this one answers.
    """
    event = dict(data or {})
    if kind is not None:
        event.setdefault("kind", kind)
    event.setdefault("apiVersion", api_version)
    if "at" not in event:
        event["at"] = (at or datetime.now(UTC)).isoformat()
    if response_for is not None:
        event.setdefault("for", response_for)
    return event


def receipt_for(id: str, action: str = "processed", target: str | None = None) -> Event:
    """Make a receipt: the report that the event ``id`` was processed."""
    data = {"for": id, "action": action}
    if target is not None:
        data["target"] = target
    return message(data, kind="receipt")
