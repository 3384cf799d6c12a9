"""Turning decoded results into plain JSON values."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

#: Most values that one result may hold. Each takes two bytes or more of an output, which is limited
#: to 1 MB; references inside YAML could make billions of a few lines.
MAX_VALUES = 1_000_000


class NotPlain(ValueError):
    """A value that JSON has no form for."""


def plain(value: Any) -> Any:
    """Make a plain JSON value of a decoded one. Raises NotPlain.

    Dates and times become ISO 8601 text, Decimal and UUID text, bytes the UTF-8 text they hold or
    else base64; tuples and sets lists; keys text. The envelopes by which kombu marks such types in
    JSON, ``{"__type__": …, "__value__": …}``, become the same, and nothing that is registered for
    them is called. Of an unknown mark the value inside is taken.
    """
    return _Converter().convert(value)


class _Converter:
    def __init__(self) -> None:
        self._left = MAX_VALUES

    def convert(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise NotPlain(f"it holds more than {MAX_VALUES:,} values")
        match value:
            case None | bool() | int() | float() | str():
                return value
            case Mapping():
                return self._object(value)
            case list() | tuple() | set():
                return [self.convert(item) for item in value]
            case _:
                return _text(value)

    def _object(self, value: Mapping[Any, Any]) -> Any:
        if value.keys() == {"__type__", "__value__"}:
            return _unwrapped(value["__type__"], self.convert(value["__value__"]))
        return {_key(key): self.convert(item) for key, item in value.items()}


def _unwrapped(mark: Any, value: Any) -> Any:
    match mark, value:
        case "uuid", {"hex": str(digits)}:
            return str(uuid.UUID(digits))
        case _:
            return value


def _key(key: Any) -> str:
    match key:
        case str():
            return key
        case None | bool():
            return {None: "null", True: "true", False: "false"}[key]
        case _:
            return str(_text(key) if not isinstance(key, int | float) else key)


def _text(value: Any) -> str:
    match value:
        case date() | time():
            return value.isoformat()
        case Decimal() | uuid.UUID():
            return str(value)
        case bytes():
            return _bytes(value)
        case _:
            raise NotPlain(f"it holds a {type(value).__name__}")


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()
