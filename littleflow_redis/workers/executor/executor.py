"""The executor of a process: three threads, and what is in hand.

::

    stream ──> reader ──┐                     ┌──> begin ──> whoever runs tasks
                        ├──> held attempts ───┘                   │
    script ──> applier ─┘ <──────────────────────── end <─────────┘

The reader holds attempts from the stream, as many as there is room for. The applier applies ends
and is handed the attempts that follow. The heartbeat keeps others from taking over what is held.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.celery_ids import task_uuid
from littleflow_redis.engine.model.script_results import HeldAttempt
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.defaults import store_defaults
from littleflow_redis.engine.store.handing import Serving
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.views.health import STEPS
from littleflow_redis.events.group import CLAIM_IDLE
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import Outage
from littleflow_redis.events.shutdown import Pace, Stop
from littleflow_redis.language.flow import Json

from ..intake import MAX_DEATHS
from .arrivals import Arrivals
from .end_applier import EndApplier, PendingEnd
from .heartbeat import Heartbeat
from .task_reader import TaskReader

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds that one read waits for events.
BLOCK = 1.0

#: Seconds that a reader waits while there is no room, unless room is made before.
NO_ROOM = 0.5

#: Seconds that the last ends wait for a Redis that is away when a process ends.
PATIENCE = 10.0

#: Seconds between two looks for processes that have died.
RESCUE_EVERY = 2.0


class Runner(Protocol):
    """Runs tasks. All methods may be called from any thread."""

    def room(self) -> int:
        """How many more tasks it takes on now."""

    def wants(self, task: StartTask, queue: str) -> bool:
        """Whether it serves this step as one of this queue."""

    def begin(self, tasks: Sequence[StartTask]) -> None:
        """Run these, or give them back by ``Executor.release``."""


@dataclass(frozen=True, slots=True)
class ServedQueues:
    """The categories that a process serves, and the queues, which are asked at each read.

    ``defaults``: the categories' options that the engine acts on.
    """

    categories: Sequence[str]
    queues: Callable[[], Sequence[str]] = field(default=lambda: ("",))
    defaults: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


class Executor:
    """Serves start-tasks in this process; ``process`` is its name among those that hold attempts.

    A task that ``max_deaths`` processes did not survive is ended as failed; 0 is no limit.
    """

    def __init__(
        self,
        client: Client,
        process: str,
        served: ServedQueues,
        runner: Runner,
        heartbeat: Heartbeat,
        *,
        max_deaths: int = MAX_DEATHS,
        claim_idle: float = CLAIM_IDLE,
    ) -> None:
        self.client = client
        self.process = process
        self.stop = Stop()
        self._served = served
        self._runner = runner
        self._heartbeat = heartbeat
        self._max_deaths = max_deaths
        self._claim_idle = claim_idle
        self._held = HeldAttempts(client.context)
        #: In hand, by task id.
        self._tasks: dict[str, StartTask] = {}
        self._readers: dict[tuple[str, str], TaskReader] = {}
        #: Held by this process in Redis, and not in hand, at the last look.
        self._unknown: set[str] = set()
        self._prepared = False
        self._room_made = threading.Event()
        self._rescue = Pace(RESCUE_EVERY)
        self._arrivals = Arrivals(client.redis, client.keys.events)
        owners = {category: (f"{STEPS}:{category}", "") for category in served.categories}
        self._applier = EndApplier(client, Serving(process, owners), runner.room, self._begin)
        self._reading = threading.Thread(target=self._read, name="littleflow-reader", daemon=True)
        self._applying = threading.Thread(target=self._apply, name="littleflow-ends", daemon=True)
        self._ended = Stop()

    def start(self) -> None:
        """Begin to take tasks."""
        self._heartbeat.start()
        self._reading.start()
        self._applying.start()

    @property
    def in_hand(self) -> int:
        """How many attempts are held."""
        return len(self._tasks)

    def end(self, task: StartTask, end: PendingEnd) -> None:
        """Apply the end of a task; any thread may."""
        self._tasks.pop(task_uuid(task.workflow, task.index, task.token), None)
        self._applier.add(end)
        self._room_made.set()

    def forget(self, task: StartTask) -> None:
        """Let go of a task that somebody else will end."""
        self._tasks.pop(task_uuid(task.workflow, task.index, task.token), None)
        self._room_made.set()

    def release(self, tasks: Sequence[StartTask]) -> None:
        """Hand back tasks that this process will not run. Raises RedisError."""
        for task in tasks:
            held = self._attempt(task)
            self._held.release(held)
            self._tasks.pop(held.task, None)
        self._room_made.set()

    def close(self) -> None:
        """Take nothing more."""
        self.stop.set()
        self._room_made.set()

    def finish(self, left: Sequence[StartTask] = ()) -> None:
        """Hand back what is ``left``, apply the last ends, and leave."""
        self.close()
        for reader in [*self._readers.values()]:
            reader.reader.interrupt()
        self._reading.join()
        self._applier.close()
        self._applying.join(PATIENCE)
        self._ended.set()
        try:
            self.release(left)
            for reader in self._readers.values():
                reader.close()
            if not self._tasks:
                self._held.leave(self.process)
        except RedisError as error:
            # Others take over what is held, as soon as the heartbeat is over.
            LOG.warning(kv("left-in-haste", process=self.process, error=error))
        finally:
            self._heartbeat.stop()

    def _begin(self, tasks: Sequence[StartTask]) -> None:
        for task in tasks:
            self._tasks[task_uuid(task.workflow, task.index, task.token)] = task
        self._runner.begin(tasks)

    def _read(self) -> None:
        """Work through outages until stopped."""
        Outage(self.client.redis, self.stop, LOG).run(self._read_on)

    def _read_on(self) -> None:
        self._held.register(self.process, list(self._served.categories))
        if not self._prepared:
            # Once: after an outage others may have stored newer ones.
            redis, keys = self.client.redis, self.client.keys
            store_defaults(redis, keys, self._served.defaults, by_bridge=True)
            self._prepared = True
        self._recover()
        while not self.stop.is_set():
            if self._rescue.due():
                self._take_over()
                if self._unknown:
                    self._recover()
            self._room_made.clear()
            room = self._runner.room()
            if room <= 0:
                self._room_made.wait(NO_ROOM)
                continue
            self._fetch(room)

    def _fetch(self, room: int) -> None:
        readers = self._current_readers()
        if not readers:
            self.stop.wait(BLOCK)
            return
        alone = len(readers) == 1
        found = False
        for reader in readers:
            tasks = reader.fetch(room, BLOCK if alone else 0.0)
            room -= len(tasks)
            found = found or bool(tasks) or not reader.drained
            if tasks:
                self._begin(tasks)
            if room <= 0:
                return
        if not alone and not found:
            # One command reads one group: whatever comes next wakes them all.
            self._arrivals.wait(max(reader.last for reader in readers), BLOCK)

    def _current_readers(self) -> list[TaskReader]:
        wanted = {
            (category, queue)
            for queue in self._served.queues()
            for category in self._served.categories
        }
        for key in self._readers.keys() - wanted:
            self._readers.pop(key).close()
        for category, queue in sorted(wanted - self._readers.keys()):
            self._readers[category, queue] = self._reader(category, queue)
        return [self._readers[key] for key in sorted(wanted)]

    def _reader(self, category: str, queue: str) -> TaskReader:
        def wants(task: StartTask) -> bool:
            return task.category == category and self._runner.wants(task, queue)

        reader = TaskReader(
            self.client.context,
            f"{STEPS}:{category}:{queue}",
            self.process,
            wants,
            max_deaths=self._max_deaths,
            claim_idle=self._claim_idle,
        )
        reader.reader.ensure()
        return reader

    def _recover(self) -> None:
        """Hand back what scripts gave this process in replies that were lost.

        A reply may be on its way: only what is unknown at two looks in a row is handed back.
        """
        unknown = {
            held.task: held
            for category in self._served.categories
            for held in self._held.of(self.process, category)
            if held.task not in self._tasks
        }
        for task in unknown.keys() & self._unknown:
            self._held.release(unknown.pop(task))
        self._unknown = {*unknown}

    def _take_over(self) -> None:
        """Have others begin what processes held that have died."""
        for process in self._held.dead() - {self.process}:
            for category in self._held.categories(process):
                for held in self._held.of(process, category):
                    LOG.warning(
                        kv("taken-over", workflow=held.workflow, step=held.field, of=process)
                    )
                    self._held.release(held, died=True)
            self._held.leave(process)

    def _apply(self) -> None:
        def run() -> None:
            try:
                self._applier.run()
            except RedisError:
                # Its reply may have handed something over.
                self._unknown.add("")
                raise

        Outage(self.client.redis, self._ended, LOG).run(run)

    def _attempt(self, task: StartTask) -> HeldAttempt:
        id = task_uuid(task.workflow, task.index, task.token)
        return HeldAttempt(task.workflow, task.field, task.token, task.category, id, self.process)
