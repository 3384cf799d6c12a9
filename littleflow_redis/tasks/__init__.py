"""Built-in tasks: what the engine runs itself, by category. One file each, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from littleflow_redis.engine.messages import StartTask

from .later import later

#: Takes up a start-task and returns the fields of its end-task event.
Builtin = Callable[[StartTask], Mapping[str, Any]]

BUILTINS: Mapping[str, Builtin] = {
    "redis": later,
    "request": later,
    "resource": later,
    "wait": later,
}
