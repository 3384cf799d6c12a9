"""Entries that a reader has left pending, because other consumers of its group can do more."""

from __future__ import annotations

import time
from collections.abc import Sequence

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext

from ..start_tasks import StartTasks

#: Seconds after which the reader looks again at an entry that it has left: nobody may be there any
#: more who can do more.
LOOK_AGAIN = 5.0


class LeftEntries:
    """The entries that the reader of ``tasks`` has left; one thread works with it."""

    def __init__(self, engine: EngineContext, tasks: StartTasks) -> None:
        self._engine = engine
        self._tasks = tasks
        #: Until when (time.monotonic()) each is not to be claimed, in that order.
        self._until: dict[str, float] = {}

    @property
    def ids(self) -> set[str]:
        """Those that the reader is not to claim now."""
        now = time.monotonic()
        while self._until and next(iter(self._until.values())) <= now:
            del self._until[next(iter(self._until))]
        return {*self._until}

    def add(self, tasks: Sequence[StartTask]) -> None:
        """Leave these to whoever is free; those whose attempts are over are acknowledged.

        Raises RedisError.
        """
        events = [task.event for task in tasks]
        addresses = self._engine.redis.hmget(self._engine.keys.open_attempts, events)
        left: list[str] = []
        for task, address in zip(tasks, addresses, strict=True):
            if address:
                left.append(task.event)
            else:
                self._tasks.ignore(task)
        self._tasks.reader.release(left)
        until = time.monotonic() + LOOK_AGAIN
        for id in left:
            self._until.pop(id, None)
            self._until[id] = until
