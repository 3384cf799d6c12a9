"""Built-in tasks: what the engine runs itself, by category. One file each, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.mailbox import EventWait

from .actions import Fields, Latch, Sleep, Todo
from .not_implemented import later
from .wait import wait

#: Takes up a start-task and says what to do about it.
Builtin = Callable[[StartTask], Todo]

BUILTINS: Mapping[str, Builtin] = {
    "redis": later,
    "request": later,
    "resource": later,
    "wait": wait,
}

__all__ = ["BUILTINS", "Builtin", "EventWait", "Fields", "Latch", "Sleep", "Todo"]
