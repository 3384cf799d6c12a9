"""Built-in tasks that this version does not run yet: they fail at once and say so."""

from __future__ import annotations

from typing import Never

from ..model.task_events import StartTask
from .builtin import BuiltinAttempt, BuiltinTask

#: Categories of built-in tasks that are understood and not run.
NOT_RUN = frozenset({"redis", "request", "resource"})


class NotImplementedTask(BuiltinTask[Never]):
    """Stands for each task of a built-in category that has no class of its own."""

    name = ""

    def read(self, task: StartTask) -> Never:  # noqa: ARG002
        raise ValueError(
            "is a built-in task that this version does not run yet: serve the step by a task of "
            "your own, under another category"
        )

    def begin(self, attempt: BuiltinAttempt, request: Never) -> None:
        """Never called: it has no parameters that can be read."""
