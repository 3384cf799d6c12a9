"""Built-in tasks: those that the engine runs itself. One file each, one line here."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.script_results import LatchAction
from ..model.task_events import category_of
from .builtin import AnyBuiltinTask
from .delay import DelayTask
from .event import EventTask
from .latch import LatchTask
from .not_implemented import NOT_RUN, NotImplementedTask

_TASKS: tuple[AnyBuiltinTask, ...] = (
    DelayTask(),
    EventTask(),
    *map(LatchTask, LatchAction),
)

#: The built-in tasks by name.
BUILTINS: Mapping[str, AnyBuiltinTask] = {task.name: task for task in _TASKS}

#: Categories that the engine keeps for itself.
BUILTIN_CATEGORIES = NOT_RUN | {category_of(name) for name in BUILTINS}

_NOT_IMPLEMENTED = NotImplementedTask()


def builtin_task(base: str) -> AnyBuiltinTask:
    """The task that serves a step of a built-in category: one that fails, if there is no other."""
    return BUILTINS.get(base, _NOT_IMPLEMENTED)
