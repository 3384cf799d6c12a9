"""The groups that a process reads: one for each category and queue that it serves."""

from __future__ import annotations

from collections.abc import Callable, Collection

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.views.health import STEPS

from ..intake import MAX_DEATHS
from .arrivals import Arrivals
from .task_reader import TaskReader

#: Seconds that one read waits for events.
BLOCK = 1.0

#: A category, and a queue.
Place = tuple[str, str]


class QueueReaders:
    """Reads these groups in turn; one thread works with it.

    ``wants`` says whether a step is one of a queue.
    """

    def __init__(
        self, engine: EngineContext, process: str, wants: Callable[[StartTask, str], bool]
    ) -> None:
        self._engine = engine
        self._process = process
        self._wants = wants
        self._readers: dict[Place, TaskReader] = {}
        self._arrivals = Arrivals(engine.redis, engine.keys.events)

    def fetch(self, wanted: Collection[Place], room: Callable[[], int]) -> list[StartTask]:
        """Hold as many tasks as there is room for when they have come. Raises RedisError."""
        readers = self._current(wanted)
        if not readers:
            self._arrivals.wait("$", BLOCK)
            return []
        alone, drained = len(readers) == 1, True
        found: list[StartTask] = []

        def left() -> int:
            return room() - len(found)

        for reader in readers:
            if left() <= 0:
                return found
            found += reader.fetch(left, BLOCK if alone else 0.0)
            drained = drained and reader.drained
        if not (alone or found) and drained:
            # One command reads one group: whatever comes next wakes them all.
            self._arrivals.wait(max(reader.last for reader in readers), BLOCK)
        return found

    def interrupt(self) -> None:
        """End a read that waits; any thread may."""
        for reader in [*self._readers.values()]:
            reader.reader.interrupt()

    def close(self) -> None:
        """Leave all groups. Raises RedisError."""
        for reader in self._readers.values():
            reader.close()

    def _current(self, wanted: Collection[Place]) -> list[TaskReader]:
        for place in self._readers.keys() - {*wanted}:
            self._readers.pop(place).close()
        for place in wanted:
            if place not in self._readers:
                self._readers[place] = self._made(*place)
        return [self._readers[place] for place in wanted]

    def _made(self, category: str, queue: str) -> TaskReader:
        def wants(task: StartTask) -> bool:
            return self._wants(task, queue)

        group = f"{STEPS}:{category}:{queue}"
        made = TaskReader(
            self._engine, group, self._process, category, wants, max_deaths=MAX_DEATHS
        )
        made.reader.ensure()
        made.reader.drop_dead()
        return made
