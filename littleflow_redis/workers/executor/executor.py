"""The executor of a process: reads, has tasks run, applies their ends, and knows what is in hand.

::

    stream ──> reader ──┐                     ┌──> begin ──> whoever runs tasks
                        ├──> held attempts ───┘                   │
    script ──> applier ─┘ <──────────────────────── end <─────────┘

The reader holds attempts from the stream, as many as there is room for: a thread of the executor,
or the caller's. The applier applies ends and is handed the attempts that follow; between two
batches its thread looks after what dead processes and lost replies have left. The heartbeat keeps
others from taking over what is held.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import HeldAttempt
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.operations.take_over import TakeOver
from littleflow_redis.engine.store.defaults import store_defaults
from littleflow_redis.engine.store.handing import Serving
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace, Stop

from .end_applier import EndApplier
from .heartbeat import LIFETIME, Heartbeat
from .lost_replies import LostReplies
from .pending_end import PendingEnd
from .published import PublishedAttempts
from .queue_readers import QueueReaders
from .runner import Runner
from .served_queues import ServedQueues
from .supervised import supervised
from .wake_up import WakeUp

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds that one read waits for events, and for room if there is none.
BLOCK, NO_ROOM = 1.0, 0.5

#: Seconds that the thread that applies ends waits for one, while tasks are in hand and else.
BUSY, IDLE = 0.2, 1.0

#: Seconds that the last ends wait for a Redis that is away when a process ends.
PATIENCE = 10.0

#: Looks for processes that have died, in the lifetime of a heartbeat.
LOOKS = 4


class Executor:
    """Serves start-tasks in this process; ``process`` is its name among those that hold attempts.

    ``lifetime`` is that of its heartbeat, in seconds. ``each_turn`` is called again and again by
    the thread that applies ends.
    """

    def __init__(
        self,
        client: Client,
        process: str,
        served: ServedQueues,
        runner: Runner,
        heartbeat: Heartbeat,
        lifetime: float = LIFETIME,
        each_turn: Callable[[], None] = lambda: None,
    ) -> None:
        self.client = client
        self.process = process
        self.stop = Stop()
        self.held = HeldAttempts(client.context)
        self._served = served
        self._runner = runner
        self._heartbeat = heartbeat
        #: In hand, by task id, until the end is applied.
        self._tasks: dict[str, StartTask] = {}
        self._readers = QueueReaders(client.context, process, served, runner.wants)
        self.lost = LostReplies(self.held, process, served.categories)
        self.published = PublishedAttempts(client, self.forget, self.lost)
        self._take_over = TakeOver(client.context, process, lifetime / 2)
        self._look = Pace(lifetime / LOOKS)
        self._each_turn = each_turn
        self._prepared = False
        self._room_made = WakeUp()
        self._applier = EndApplier(
            client, lambda: Serving(process, served.owners()), self._free, self._begin, self.forget
        )
        self._ended = Stop()
        self._reading = supervised(client, self.stop, "reader", self._read)
        self._applying = supervised(client, self._ended, "ends", self._apply)

    def start(self, *, reading: bool = True) -> None:
        """Begin to apply ends, and, unless the caller does it, to take tasks."""
        self._applying.start()
        if reading:
            self._reading.start()

    def read(self, block: float = 0.0) -> None:
        """Take tasks, waiting ``block`` seconds for the first or for room. Raises RedisError."""
        if not self._prepared:
            # Once: after an outage others may have stored newer ones.
            redis, keys = self.client.redis, self.client.keys
            store_defaults(redis, keys, self._served.defaults, by_bridge=True)
            # Before anything is held.
            self._heartbeat.start()
            self._prepared = True
        self._room_made.clear()
        if self._runner.room() <= 0:
            self._room_made.wait(min(block, NO_ROOM))
            return
        try:
            tasks = self._readers.fetch(self._runner.room, block)
        except RedisError:
            # Its reply may have given something to this process.
            self.lost.suspect()
            raise
        if tasks:
            self._begin(tasks)

    def interrupt(self) -> None:
        """End a read that waits; any thread may."""
        self._room_made.set()
        self._readers.interrupt()

    def resume(self) -> None:
        """Let reads wait again, after an ``interrupt``."""
        self._readers.resume()

    def wait_for_end(self) -> bool:
        """Wait a moment for a task in hand to be over; False if there is none, or no more time."""
        self._room_made.clear()
        if not self._tasks or self.stop.is_set():
            return False
        self._room_made.wait(BUSY)
        return True

    def apply(self, block: float = 0.0) -> None:
        """Apply ends, waiting ``block`` seconds for the first, and ``keep``. Raises RedisError."""
        try:
            self._applier.run_once(block)
            self.keep()
        except Exception:
            # The reply of a call that failed may have handed something over.
            self.lost.suspect()
            raise

    def keep(self) -> None:
        """Look after what others have left, if it is time to. Raises RedisError."""
        if not self._prepared:
            return
        self.published.run()
        self._each_turn()
        if not self._look.due():
            return
        self._heartbeat.check()
        self.release(self._runner.overdue())
        self._take_over.run()
        self.lost.look(self._tasks)

    @property
    def in_hand(self) -> int:
        """How many attempts are held whose tasks have not ended."""
        return len(self._tasks) - self._applier.waiting

    @property
    def tasks(self) -> Sequence[StartTask]:
        """Those that are in hand now."""
        return [*self._tasks.values()]

    def has(self, task: StartTask) -> bool:
        """Whether a task is in hand."""
        return task.uuid in self._tasks

    def add(self, task: StartTask) -> None:
        """Take a task on that came another way, and is held by this process."""
        self._tasks[task.uuid] = task

    def end(self, end: PendingEnd, *, help: bool = False) -> None:
        """Apply the end of a task; any thread may.

        With ``help`` the caller calls ``help`` soon, instead of waking the thread that applies.
        """
        self._applier.add(end, wake=not help)
        self._room_made.set()

    def help(self) -> None:
        """Apply ends in the calling thread, unless another is at it."""
        if not self._applier.help():
            self.lost.suspect()

    def hold(self, task: StartTask, id: str) -> tuple[Outcome, str]:
        """Hold the attempt of a task that a broker's message has brought: see `HeldAttempts.hold`.

        Raises RedisError: then it may be held, and is handed back if nobody takes it on.
        """
        at = task.workflow, task.index, task.token, id, self.process
        try:
            return self.held.hold(*at, self._served.max_deaths)
        except RedisError:
            self.lost.suspect()
            raise

    def forget(self, task: StartTask) -> None:
        """Let go of a task that has ended, or that somebody else will end."""
        self._tasks.pop(task.uuid, None)
        self.lost.withdraw(task)
        self._room_made.set()

    def release(self, tasks: Sequence[StartTask]) -> None:
        """Hand back tasks that this process will not run, at once or when Redis is back."""
        for task in tasks:
            # Before: this very process may be given it again, under the same id.
            self._tasks.pop(task.uuid, None)
            try:
                self.lost.release(self._attempt(task))
            except RedisError as error:
                LOG.warning(kv("not-handed-back", workflow=task.workflow, error=error))
                self.lost.suspect()
        self._room_made.set()

    def close(self) -> None:
        """Take nothing more, from the stream or from scripts."""
        self.stop.set()
        self._room_made.set()

    def finish(self, hand_back: Callable[[], None]) -> None:
        """Apply the last ends, have the rest handed back, and leave."""
        self.close()
        self.interrupt()
        if self._reading.is_alive():
            self._reading.join()
        self._applier.close()
        if self._applying.is_alive():
            self._applying.join(PATIENCE)
        self._ended.set()
        hand_back()
        try:
            self._readers.close()
            if not self._applier.waiting:
                self.lost.release_all()
                # A beat after it would make this process known again.
                self._heartbeat.stop()
                self.held.leave(self.process)
        except RedisError as error:
            # Others take over what is held, as soon as the heartbeat is over.
            LOG.warning(kv("left-in-haste", process=self.process, error=error))
        finally:
            self._heartbeat.stop()

    def _free(self) -> int:
        return 0 if self.stop.is_set() else self._runner.free()

    def _begin(self, tasks: Sequence[StartTask]) -> None:
        if self.stop.is_set():
            self.release(tasks)
            return
        for task in tasks:
            self.add(task)
        self._runner.begin(tasks)

    def _read(self) -> None:
        while not self.stop.is_set():
            self.read(BLOCK)

    def _apply(self) -> None:
        # After an outage all others seem dead.
        self._take_over.forget()
        while not self._applier.done:
            self.apply(BUSY if self._tasks else IDLE)

    def _attempt(self, t: StartTask) -> HeldAttempt:
        return HeldAttempt(t.workflow, t.field, t.token, t.category, t.uuid, self.process)
