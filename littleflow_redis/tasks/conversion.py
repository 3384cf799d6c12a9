"""Python values as JSON with the types that JSON lacks, by the names that kombu gives them."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from littleflow_redis.engine.model import json_values, typed_values
from littleflow_redis.engine.model.typed_values import TypedValue

#: Most values that one result may hold. Each takes two bytes or more of an output, which is limited
#: to 1 MB; references inside YAML could make billions of a few lines.
MAX_VALUES = 1_000_000

#: Keys of the object by which kombu marks a value of another type in JSON.
ENVELOPE = frozenset({"__type__", "__value__"})


class NotPlain(ValueError):
    """A value that JSON has no form for."""


def convert(value: Any, *, enveloped: bool = False) -> TypedValue:
    """Make a plain JSON value of a Python one; what that does not say becomes its types.

    Dates and times become ISO 8601 text, Decimal and UUID text, bytes the UTF-8 text they hold or
    else base64; tuples lists; keys text. ``enveloped`` says that a Celery serializer gave the
    value: sets become lists, and kombu's envelopes, ``{"__type__": …, "__value__": …}``, what they
    stand for. Nothing that is registered for them is called; of an unknown one the value inside is
    taken.

    Raises NotPlain.
    """
    return _Converter(enveloped).convert(value)


def output_text(value: Any) -> str:
    """The text of what a function returned, to be stored.

    Raises BadValue for what JSON has no form for and what is too large or too deep.
    """
    try:
        text = json_values.dump(value)
    except json_values.BadValue:
        return _converted(value)
    # Text that was just written need not be read again to be checked.
    json_values.check_size(text)
    json_values.check_nesting(value)
    return text


def _converted(value: Any) -> str:
    try:
        plain = convert(value)
    except (NotPlain, RecursionError) as error:
        raise json_values.BadValue(f"this is no JSON value: {error}") from error
    return typed_values.output_text(plain)


class _Converter:
    def __init__(self, enveloped: bool) -> None:
        self._enveloped = enveloped
        self._left = MAX_VALUES

    def convert(self, value: Any) -> TypedValue:
        self._left -= 1
        if self._left < 0:
            raise NotPlain(f"it holds more than {MAX_VALUES:,} values")
        match value:
            case None | bool() | int() | float() | str():
                return TypedValue(value)
            case Mapping():
                return self._object(value)
            case list() | tuple():
                return self._list(value)
            case set() if self._enveloped:
                return self._list(value)
            case _:
                return _text(value)

    def _list(self, items: Iterable[Any]) -> TypedValue:
        return typed_values.listed([self.convert(item) for item in items])

    def _object(self, value: Mapping[Any, Any]) -> TypedValue:
        if self._enveloped and value.keys() == ENVELOPE:
            return _unwrapped(value["__type__"], self.convert(value["__value__"]))
        found = {_key(key): self.convert(item) for key, item in value.items()}
        types = {key: item.types for key, item in found.items() if item.types}
        return TypedValue({key: item.data for key, item in found.items()}, types or None)


def _unwrapped(mark: Any, inner: TypedValue) -> TypedValue:
    if not isinstance(mark, str):
        return inner
    data = inner.data
    if mark == "uuid":
        match data:
            case {"hex": str(digits)}:
                data = str(uuid.UUID(digits))
    return TypedValue(data, [mark, inner.types] if inner.types else mark)


def _key(key: Any) -> str:
    match key:
        case str():
            return key
        case None | bool():
            return {None: "null", True: "true", False: "false"}[key]
        case _:
            return str(_text(key).data if not isinstance(key, int | float) else key)


def _text(value: Any) -> TypedValue:
    match value:
        case datetime():
            return TypedValue(value.isoformat(), "datetime")
        case date():
            return TypedValue(value.isoformat(), "date")
        case time():
            return TypedValue(value.isoformat(), "time")
        case Decimal():
            return TypedValue(str(value), "decimal")
        case uuid.UUID():
            return TypedValue(str(value), "uuid")
        case bytes():
            return _bytes(value)
        case _:
            raise NotPlain(f"it holds a {type(value).__name__}")


def _bytes(value: bytes) -> TypedValue:
    try:
        return TypedValue(value.decode(), "bytes")
    except UnicodeDecodeError:
        return TypedValue(base64.b64encode(value).decode(), "base64")
