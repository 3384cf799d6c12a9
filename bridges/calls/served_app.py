"""A Celery app and the steps that its tasks serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from celery import Celery

from .call_options import CallOptions
from .task_lookup import TaskLookup


@dataclass(frozen=True, slots=True)
class ServedApp:
    """An app that serves the steps of some categories.

    ``names`` finds the task of a step. ``rules`` say how steps are called that do not say it, and
    which times hold for them. Raises ConfigurationError if the rules do not fit the app.
    """

    app: Celery
    categories: Sequence[str]
    names: TaskLookup
    rules: CallOptions = field(default_factory=CallOptions)

    def __post_init__(self) -> None:
        self.rules.check(self.app, self.names, self.categories)

    def reports_start(self, task: str) -> bool:
        """Whether workers report when they begin this task; of others, publishing is the sign."""
        return bool(self.app.tasks[task].track_started)
