"""The groups that a process reads: one for each category and queue that it serves."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from littleflow_redis.engine.model.task_events import StartTask, category_of
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.streams import last_id

from ..start_tasks import StartTasks
from .served_queues import Place, ServedQueues
from .task_reader import TaskReader

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds after which it is asked again which queues are consumed, while none are.
NO_QUEUE = 0.1


class QueueReaders:
    """Reads these groups in turn; one thread works with it.

    ``wants`` says whether a step is one of a queue.
    """

    def __init__(
        self,
        engine: EngineContext,
        process: str,
        served: ServedQueues,
        wants: Callable[[StartTask, str], bool],
    ) -> None:
        self._engine = engine
        self._process = process
        self._served = served
        self._wants = wants
        self._readers: dict[Place, TaskReader] = {}
        #: The reader that has the connection for reads that wait.
        self._waiting: TaskReader | None = None
        #: An entry such that whatever came before has been read, None if that must be asked.
        self._seen: str | None = None

    def fetch(self, room: Callable[[], int], block: float) -> list[StartTask]:
        """Hold as many tasks as there is room for, waiting ``block`` seconds for the first.

        Raises RedisError.
        """
        readers = self._current(self._served.places())
        if self._waiting not in readers:
            self._waiting = readers[0] if readers else None
        if len(readers) == 1:
            return readers[0].fetch(room, block)
        if self._seen is None:
            # What is there now is about to be read.
            self._seen = last_id(self._engine.redis, self._engine.keys.events)
        drained = True
        found: list[StartTask] = []

        def left() -> int:
            return room() - len(found)

        for reader in readers:
            if left() <= 0:
                return found
            found += reader.fetch(left, 0.0)
            drained = drained and reader.tasks.drained
        if drained and block and not found:
            self._wait(block)
        return found

    def _wait(self, block: float) -> None:
        """Wait for the next entry: one command reads one group, so any entry wakes all."""
        if self._waiting is None:
            time.sleep(min(block, NO_QUEUE))
        elif self._waiting.tasks.reader.wait(self._seen or "$", round(block * 1000)):
            self._seen = None

    def interrupt(self) -> None:
        """End a read that waits; any thread may."""
        for reader in [*self._readers.values()]:
            reader.tasks.reader.interrupt()

    def resume(self) -> None:
        """Let reads wait again."""
        for reader in self._readers.values():
            reader.tasks.reader.resume()

    def close(self) -> None:
        """Leave all groups. Raises RedisError."""
        for reader in self._readers.values():
            reader.tasks.close()

    def _current(self, wanted: Collection[Place]) -> list[TaskReader]:
        for place in self._readers.keys() - {*wanted}:
            self._readers.pop(place).tasks.close()
        for place in wanted:
            if place not in self._readers:
                self._readers[place] = self._made(place)
        return [self._readers[place] for place in wanted]

    def _made(self, place: Place) -> TaskReader:
        redis, keys, served = self._engine.redis, self._engine.keys, self._served
        reader = GroupReader(
            redis, keys.events, served.group(place), self._process, served.claim_idle
        )
        reader.ensure()
        reader.drop_dead()
        tasks = StartTasks(
            reader,
            keys,
            LOG,
            served=lambda base: category_of(base) == place.category,
            wants=lambda task: self._wants(task, place.queue),
        )
        return TaskReader(
            self._engine, tasks, self._process, served.max_deaths, leaves=served.leaves
        )
