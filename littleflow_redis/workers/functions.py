"""Python functions that serve steps: found by name, called by the binding rule."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from littleflow_redis.engine.model import task_events
from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.events.event_codec import encode, message
from littleflow_redis.language.errors import close_names
from littleflow_redis.tasks.functions import ServedFunctions, TaskFailed, call, name_key, serve

from .executor.pending_end import PendingEnd, failed, succeeded

#: Names that an error lists before it says how many more there are.
_SHOWN = 10


class Functions:
    """The functions of one category, by name; ``-`` in a name matches ``_``."""

    def __init__(self, category: str) -> None:
        self.category = category
        self._served: dict[str, ServedFunctions] = {}

    def add(self, name: str, function: Callable[..., Any], mode: str | None = None) -> None:
        """Serve ``category:name`` by a function.

        Raises ValueError for a name that is taken and an unknown ``mode``, TypeError for what is no
        plain function.
        """
        served, key = serve(name, function, mode), name_key(name)
        if key in self._served:
            raise ValueError(
                f"{self.base(name)} is served by {self._served[key].function!r}: give another name"
            )
        self._served[key] = served

    def base(self, name: str) -> str:
        """The name of a step that this name serves."""
        return f"{self.category}:{name}" if self.category else name

    @property
    def bases(self) -> list[str]:
        """The steps that are served, in the order of their registration."""
        return [self.base(served.name) for served in self._served.values()]

    def has_category(self, base: str) -> bool:
        """Tell if a step is of this category."""
        return task_events.category_of(base) == self.category

    def serves(self, base: str) -> bool:
        """Tell if a function serves a step."""
        return self.has_category(base) and self.find(base) is not None

    def find(self, base: str) -> ServedFunctions | None:
        """The function that serves a step of this category."""
        name = base.removeprefix(f"{self.category}:") if self.category else base
        return self._served.get(name_key(name))

    def run(self, task: StartTask, worker: str) -> PendingEnd:
        """Run a task; return its end, whatever came of it."""
        try:
            return succeeded(task, self._call(task), worker)
        except TaskFailed as failure:
            fields = end_fields(
                task,
                reason=failure.reason,
                error=failure.error,
                worker=worker,
                final=failure.final,
            )
            return failed(task, encode(message(fields)))

    def _call(self, task: StartTask) -> str:
        served = self.find(task.base)
        if served is None:
            raise TaskFailed(self._unknown(task.base), final=True)
        return call(served, task, self.base(served.name))

    def _unknown(self, base: str) -> str:
        names = [served.name for served in self._served.values()]
        close = close_names(base[:100].removeprefix(f"{self.category}:"), names)
        meant = " or ".join(map(self.base, close))
        hint = f"did you mean {meant}?" if close else f"it has {_listed(self.bases)}"
        return f"no function of the listener serves {base[:100]}: {hint}"


def _listed(bases: Collection[str]) -> str:
    if not bases:
        return "none: register functions with @listener.task"
    shown = ", ".join(list(bases)[:_SHOWN])
    more = len(bases) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
