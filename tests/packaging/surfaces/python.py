"""Python: names, signatures, documented paths of imports."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import littleflow_redis
from littleflow_redis import Client, TaskListener, events

ROOT = Path(__file__).parents[3]

#: The names of littleflow_redis 0.4 as the page about it lists them.
_TABLE = ROOT / "docs" / "reference" / "upstream.md"


def names() -> dict[str, list[str]]:
    """What can be imported from the two doors, and what programs for 0.4 import."""
    upstream = re.findall(r"^\| (`.*?) \|", _TABLE.read_text("utf-8"), re.M)
    return {
        "littleflow_redis": sorted(littleflow_redis.__all__),
        "littleflow_redis.events": sorted(events.__all__),
        "littleflow_redis 0.4": sorted({n for row in upstream for n in _called(row)}),
    }


def _called(row: str) -> list[str]:
    return re.findall(r"`([A-Za-z_]\w+)", row)


def signatures() -> dict[str, dict[str, str]]:
    """The public methods of what users call and derive from: parameters with their defaults."""
    return {
        kind.__name__: dict(_methods(kind))
        for kind in (Client, TaskListener, events.EventClient, events.EventListener)
    }


def _methods(kind: type) -> Iterable[tuple[str, str]]:
    yield "()", _parameters(kind)
    for name, member in inspect.getmembers(kind, callable):
        if not name.startswith("_"):
            yield name, _parameters(member)


def _parameters(called: Any) -> str:
    signature = inspect.signature(called)
    bare = [
        parameter.replace(annotation=parameter.empty, default=_default(parameter.default))
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


class _Shown:
    """A default that has no text of its own: an object that only stands for itself."""

    def __repr__(self) -> str:
        return "…"


def _default(value: Any) -> Any:
    return (
        _Shown() if repr(value).startswith("<") and value is not inspect.Parameter.empty else value
    )
