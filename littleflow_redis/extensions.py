"""Rooms that may be absent, and what they add to the others, without an import of one by another.

A room of ``ROOMS`` has a table ``EXTENSIONS``: point → name → the module, relative to the room, in
which the object of that name is. A room with a point looks there. Modules are imported when an
object of theirs is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

#: The rooms that may be absent. Nothing else names them.
ROOMS = ("littleflow_redis.compat",)


@cache
def _table(point: str) -> Mapping[str, str]:
    """Name → module, of all rooms that are there."""
    found: dict[str, str] = {}
    for room in ROOMS:
        try:
            additions = import_module(room).EXTENSIONS.get(point, {})
        except ModuleNotFoundError as error:
            if error.name != room:
                raise
            continue
        found |= {name: f"{room}.{module}" for name, module in additions.items()}
    return found


def names(point: str) -> list[str]:
    """The names that are added at a point, in the order of the tables."""
    return list(_table(point))


def find(point: str, name: str) -> Any:
    """The object of this name; None if no room adds it. Raises what its import raises."""
    module = _table(point).get(name)
    return None if module is None else getattr(import_module(module), name)


def find_all(point: str) -> list[Any]:
    """All objects that are added at a point."""
    return [find(point, name) for name in names(point)]
