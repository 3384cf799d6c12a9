"""Checks of JSON values from outside: each returns the value, or raises BadArchive saying where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..model.errors import BadArchive

#: Largest number that Lua and JSON hold exactly.
MAX_COUNT = 2**53


def object_of(value: Any, what: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise BadArchive(f"{what} must be an object, not {_kind(value)}")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """A JSON list."""
    if not isinstance(value, list):
        raise BadArchive(f"{what} must be a list, not {_kind(value)}")
    return value


def text(value: Any, what: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise BadArchive(f"{what} must be a text, not {_kind(value)}")
    return value


def sized_text(value: Any, what: str, most: int) -> str:
    """A text of ``most`` characters at most."""
    if len(text(value, what)) > most:
        raise BadArchive(f"{what} has more than {most} characters")
    return str(value)


def count(value: Any, what: str, most: int | None = None) -> int:
    """A whole number from 0 to ``most``, or to what Lua holds exactly."""
    limit = MAX_COUNT if most is None else most
    if type(value) is not int or not 0 <= value <= limit:
        raise BadArchive(f"{what} must be a whole number from 0 to {limit}")
    return value


def moment(value: Any, what: str) -> int:
    """A time as ISO text, in ms since 1970; 0 for none."""
    if value is None:
        return 0
    try:
        at = datetime.fromisoformat(text(value, what))
        ms = round(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise BadArchive(f"{what} must be a time such as 2026-01-31T12:00:00+00:00") from error
    return count(ms, what)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")
