"""The start-tasks in a stream, as one consumer of a group reads them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from littleflow_redis.engine.model import task_events
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.group import Entry, GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace

#: Entries read at once at most: beyond, a read gets longer and hardly cheaper.
LARGEST_READ = 64

#: Entries of no interest whose acknowledgement may wait, and for how many seconds: each round trip
#: delays the tasks that come next.
MOST_IGNORED, TIDY_EVERY = 1000, 1.0

#: Seconds between two looks for entries that a silent consumer has left.
CLAIM_EVERY = 1.0

#: Workers that a task may take with it: the next one ends it instead of running it. Generous, for
#: what was taken along with a killer counts too, and deployments kill as well. `max_deaths` of a
#: TaskListener overrides it; 0 is no limit.
MAX_DEATHS = 10


class StartTasks:
    """Reads the start-tasks whose base is ``served`` and which a worker ``wants``.

    Everything else is acknowledged, in bulk. One thread works with it.
    """

    def __init__(
        self,
        reader: GroupReader,
        keys: Keys,
        log: logging.Logger,
        *,
        served: Callable[[str], bool],
        wants: Callable[[StartTask], bool] = lambda _task: True,
    ) -> None:
        self.reader = reader
        #: Whether the last read brought all there was.
        self.drained = True
        self._keys = keys
        self._log = log
        self._served = served
        self._wants = wants
        self._claims = Pace(min(CLAIM_EVERY, reader.claim_idle))
        self._tidy = Pace(TIDY_EVERY)
        self._ignored: set[str] = set()
        #: Grows while the stream brings nothing of ours, so that foreign events go by in bulk.
        self._stretch = 1
        #: Whether entries are known to lie about that nobody works on.
        self._stale = False

    def claim(self, count: int, skip: Collection[str] = frozenset()) -> list[StartTask]:
        """Take up to ``count`` entries that others have left, if it is time to look.

        ``skip``: entries in hand. Where some were left there may be more, so the next call looks
        again. Raises RedisError.
        """
        if not self._claims.due() and not self._stale:
            return []
        entries = self.reader.claim_stale(count, skip=self._ignored.union(skip))
        self._stale = bool(entries)
        if entries:
            self._log.info(kv("claimed", group=self.reader.group, entries=len(entries)))
        return self._tasks(entries)

    def read(
        self, count: int, block: float = 0.0, skip: Collection[str] = frozenset()
    ) -> list[StartTask]:
        """Read new entries, waiting ``block`` seconds for the first; there may be more tasks.

        ``count`` is how many tasks are wanted. Raises RedisError.
        """
        count = min(count * self._stretch, max(count, LARGEST_READ))
        skip = self._ignored.union(skip) if self._ignored else skip
        entries = self.reader.read(count, round(block * 1000), skip=skip)
        self.drained = not self.reader.full
        tasks = self._tasks(entries)
        self._stretch = 1 if tasks or not entries else min(2 * self._stretch, LARGEST_READ)
        if not entries or len(self._ignored) > MOST_IGNORED or self._tidy.due():
            self.acknowledge()
        return tasks

    def ignore(self, task: StartTask) -> None:
        """Acknowledge a task's entry, when there is occasion."""
        self._ignored.add(task.event)

    def acknowledge(self) -> None:
        """Acknowledge all that is of no interest. Raises RedisError."""
        self.reader.ack([*self._ignored])
        self._ignored.clear()

    def release(self, tasks: Sequence[StartTask]) -> None:
        """Give up tasks that were not begun: any consumer may have them at once."""
        self.reader.release([task.event for task in tasks])
        self._stale = self._stale or bool(tasks)

    def close(self) -> None:
        """Leave the group. Raises RedisError."""
        self.acknowledge()
        self.reader.drop()
        self.reader.close()

    def _tasks(self, entries: Sequence[Entry]) -> list[StartTask]:
        return [task for entry in entries if (task := self._task(entry)) is not None]

    def _task(self, entry: Entry) -> StartTask | None:
        """The task in an entry; None, and the entry is ignored, if it is none of ours."""
        if task_events.kind_of(entry.fields) == "start-task":
            try:
                # First what is short: an input may be large.
                if self._served(task_events.base_of(entry.fields)):
                    task = task_events.start_task(entry.id, entry.fields)
                    self._keys.full_id(task.workflow)
                    if self._wants(task):
                        return task
            except ValueError as error:
                self._log.warning(kv("garbage", group=self.reader.group, id=entry.id, reason=error))
        self._ignored.add(entry.id)
        return None
