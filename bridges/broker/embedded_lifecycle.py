"""The parts that a lifecycle worker and a bridge need to be one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .dispatch import Dispatch


class Handing:
    """Publishes what scripts hand over, each category as its own dispatch does; any thread may."""

    def __init__(self, dispatches: Mapping[str, Dispatch]) -> None:
        self._dispatches = dispatches

    def send(self, tasks: Sequence[StartTask]) -> None:
        """Publish these. Raises RedisError."""
        by_category: dict[str, list[StartTask]] = {}
        for task in tasks:
            by_category.setdefault(task.category, []).append(task)
        for category, some in by_category.items():
            self._dispatches[category].publish_handed(some)


class EmbeddedLifecycle:
    """The lifecycle worker as a part of a bridge, which ``stop`` ends with the others."""

    def __init__(self, worker: LifecycleWorker, stop: Stop) -> None:
        self._worker = worker
        self._stop = stop

    def run(self) -> None:
        """Work until stopped. Raises RedisError."""
        self._worker.run(self._stop)

    def turn(self, block: float = 0.0) -> int:
        """Do what there is to do, waiting ``block`` seconds at most; return the events handled."""
        return self._worker.turn(block)
