"""`>`: several inputs become one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .flow import Json


class MergeError(ValueError):
    """Something that is no object was to be merged."""


def merge_inputs(value: Json) -> Json:
    """Merges a list of objects into one, from left to right.

    Nulls count as empty objects; any other value that is no list stays as it is.

    Raises:
        MergeError: an item of the list is no object.
    """
    if value is None:
        return {}
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    merged: dict[str, Json] = {}
    for position, item in enumerate(value):
        if item is None:
            continue
        if not isinstance(item, Mapping):
            raise MergeError(
                f"cannot merge: item {position} is {_name(item)}, and > merges objects; "
                "let the task before it return an object, or leave out the >"
            )
        merged.update(item)
    return merged


def _name(value: Json) -> str:
    """The JSON word for a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "a list"
