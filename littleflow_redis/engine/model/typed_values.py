"""Values whose types JSON lacks: a Decimal, a datetime, bytes, as Celery's tasks exchange them.

Such a value stays plain JSON wherever it is looked at. Its *types* travel beside it, by kombu's
names. ``"decimal"`` marks a text as a Decimal. An object gives types by key, or by place in a list:
``{"price": "decimal", "days": {"0": "date"}}``. A list of a name and types describes a value of
that type which holds others.

On its way through the scripts a value is one text: its JSON and, where it has types, :data:`MARK`
and these. ``lua/lib/value.lua`` joins such texts without reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from littleflow_redis.language import merge_inputs

from . import json_values

#: Stands between JSON and types; no JSON text holds it.
MARK = "\x1f"

#: A name, an object of types, or a name with such an object; None where JSON says it all.
Types: TypeAlias = Any


class TypedValue(NamedTuple):
    """A JSON value, and what JSON does not say of it."""

    data: Any
    types: Types = None

    def text(self) -> str:
        """As the scripts take it. Raises BadValue for what JSON cannot hold."""
        return json_values.dump(self.data) + (
            f"{MARK}{json_values.dump(self.types)}" if self.types else ""
        )


def split(text: str) -> tuple[str, str]:
    """The JSON of a value's text, and its types: empty if it has none."""
    plain, _, types = text.partition(MARK)
    return plain, types


def joined(text: str, types: Types) -> str:
    """The text of a value from its JSON and its types. Raises BadValue for what are no types, and
    if both together are longer than MAX_OUTPUT bytes.
    """
    if not types:
        return text
    whole = f"{text}{MARK}{json_values.dump(checked(types))}"
    json_values.check_size(whole, "the output with its types")
    return whole


def output_text(value: TypedValue) -> str:
    """The text of a value that is to be stored. Raises BadValue if it is too large or too deep."""
    return joined(json_values.output_text(json_values.dump(value.data)), value.types)


def read(text: str | bytes) -> TypedValue:
    """The value of a text. Raises BadValue."""
    plain, types = split(text.decode() if isinstance(text, bytes) else text)
    return TypedValue(json_values.load(plain), json_values.load(types) if types else None)


def stored(text: bytes | None, types: bytes | None) -> TypedValue:
    """An output from what is stored of it; without one it is ``{}``. Raises BadValue."""
    if text is None:
        return TypedValue({})
    return TypedValue(json_values.load(text), json_values.load(types) if types else None)


def listed(items: Sequence[TypedValue]) -> TypedValue:
    """A list of values, as one."""
    types = {str(place): item.types for place, item in enumerate(items) if item.types}
    return TypedValue([item.data for item in items], types or None)


def items_of(value: TypedValue) -> list[TypedValue]:
    """The items of a list, each as a value; anything else is one item."""
    if not isinstance(value.data, list):
        return [value]
    return [
        TypedValue(item, _under(value.types, str(place))) for place, item in enumerate(value.data)
    ]


def merged(value: TypedValue) -> TypedValue:
    """Merge a value as ``>`` does: objects become one, later keys over earlier ones.

    Raises MergeError for what cannot be merged.
    """
    data = merge_inputs(value.data)
    if not isinstance(value.data, list) or not value.types:
        return TypedValue(data, value.types if data is value.data else None)
    types: dict[str, Types] = {}
    for item in items_of(value):
        for key in item.data or ():
            types[key] = _under(item.types, key)
    return TypedValue(data, {key: under for key, under in types.items() if under} or None)


def checked(types: Types) -> Types:
    """Types from outside, as they may be stored. Raises BadValue for what is none."""
    json_values.check_nesting(types, "the types of the output")
    level = [types]
    while level:
        level = [inner for outer in level for inner in _within(outer)]
    return types


def _within(types: Types) -> Iterable[Types]:
    match types:
        case str():
            return ()
        case {**under}:
            return under.values()
        case [str(), inner]:
            return (inner,)
        case _:
            raise json_values.BadValue(
                "the types of the output are a name, an object of types, or a list of a name and "
                "types"
            )


def _under(types: Types, key: str) -> Types:
    return types.get(key) if isinstance(types, Mapping) else None
