"""The input of a step as the Python values that Celery's own chain would pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kombu.utils.json import object_hook

from littleflow_redis.engine.model.typed_values import TypedValue, Types
from littleflow_redis.tasks.conversion import ENVELOPE

#: Types that a serializer carries besides those of JSON; kombu's JSON carries all of them.
_CARRIES: Mapping[str, frozenset[str]] = {
    "yaml": frozenset({"datetime", "date", "bytes", "base64"}),
    "msgpack": frozenset({"bytes", "base64"}),
}


class Unsendable(ValueError):
    """A value that does not reach a Celery task as what it is; the message says why."""


def arguments(value: TypedValue, serializer: str) -> Any:
    """The Python value that a step's input or parameters stand for, to be sent by ``serializer``.

    Raises Unsendable.
    """
    return _Arguments(serializer).build(value.data, value.types)


class _Arguments:
    def __init__(self, serializer: str) -> None:
        self._json = serializer in ("json", "application/json")
        self._carries = _CARRIES.get(serializer, frozenset())

    def build(self, data: Any, types: Types) -> Any:
        match types:
            case str():
                return self._typed(types, data)
            case [name, inner]:
                return self._typed(name, self.build(data, inner))
        under = types if isinstance(types, Mapping) else {}
        match data:
            case {**members}:
                if self._json and members.keys() == ENVELOPE:
                    raise Unsendable(
                        "an object with the keys __type__ and __value__ alone is data here, and "
                        "would be something else to Celery's JSON: give it another key besides, or "
                        "send it as text"
                    )
                return {key: self.build(item, under.get(key)) for key, item in members.items()}
            case list():
                return [self.build(item, under.get(str(at))) for at, item in enumerate(data)]
            case _:
                return data

    def _typed(self, name: str, data: Any) -> Any:
        if not self._json and name not in self._carries:
            return data
        inside = {"hex": data} if name == "uuid" and isinstance(data, str) else data
        try:
            return object_hook({"__type__": name, "__value__": inside})
        # What the app has registered for its types runs in there.
        except Exception as error:
            raise Unsendable(
                f"the type {name[:100]!r} cannot be made of the value that came with it: "
                f"{type(error).__name__}; import the module that registers it with kombu in the app"
            ) from error
