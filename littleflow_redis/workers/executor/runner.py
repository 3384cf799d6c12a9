"""The part that runs tasks, as the executor sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from littleflow_redis.engine.model.task_events import StartTask


class Runner(Protocol):
    """Runs tasks. All methods may be called from any thread."""

    def room(self) -> int:
        """How many more tasks it takes from the stream now; none if that is not worth a read."""

    def free(self) -> int:
        """How many more tasks it takes at all."""

    def wants(self, task: StartTask, queue: str) -> bool:
        """Whether it serves this step as one of this queue."""

    def begin(self, tasks: Sequence[StartTask]) -> None:
        """Run these, or give them back by ``Executor.release``."""

    def overdue(self) -> Sequence[StartTask]:
        """Take out those that have waited too long for a free hand: others may have them."""
