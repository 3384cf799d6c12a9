"""Start-tasks as a worker takes them up: read, taken, and ended in one with the acknowledgement."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model import task_events
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.group import CLAIM_IDLE, Entry, GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.shutdown import Pace

from .dead_lettering import died, fail_permanently
from .version_skew import VersionSkew

LOG = logging.getLogger(__name__)

T = TypeVar("T")

#: Entries read at once at most: beyond, a read gets longer and hardly cheaper.
LARGEST_READ = 256

#: Events of no interest whose acknowledgement may wait for the next one that is sent anyway.
MOST_IGNORED = 1000

#: Seconds that a finished task's end may wait for others to be sent with it.
LINGER = 0.02

#: Workers that a task may take with it: the next one ends it instead of running it. Generous, for
#: what was taken along with a killer counts too, and deployments kill as well. `max_deaths` of a
#: TaskListener overrides it; 0 is no limit.
MAX_DEATHS = 10

#: Seconds between two looks for entries that a silent consumer has left.
CLAIM_EVERY = 1.0


class _Ended(NamedTuple):
    event: str
    fields: Mapping[str, str]
    at: float


class Intake:
    """One consumer of a group, for the start-tasks whose ``base`` it ``wants``.

    Everything else in the stream is acknowledged. ``fetch`` and ``close`` belong to one thread,
    all else may be called from any.
    """

    def __init__(
        self,
        client: Client,
        group: str,
        wants: Callable[[str], bool],
        *,
        claim_idle: float = CLAIM_IDLE,
        max_deaths: int = MAX_DEATHS,
    ) -> None:
        self.client = client
        self.reader = GroupReader(client.redis, client.keys.events, group, claim_idle=claim_idle)
        self._wants = wants
        self._max_deaths = max_deaths
        self._newer = VersionSkew(LOG)
        self._claims = Pace(min(CLAIM_EVERY, claim_idle))
        #: Taken and not yet acknowledged: what a second delivery must not begin again.
        self._in_hand: set[str] = set()
        self._ignored: deque[str] = deque()
        self._ended: deque[_Ended] = deque()
        self._sending = threading.Lock()
        #: Grows while the stream brings nothing of ours, so that foreign events go by in bulk.
        self._stretch = 1
        #: Whether entries are known to lie about that nobody works on.
        self._stale = False

    def fetch(self, room: int, block: float = 0.0) -> list[StartTask]:
        """Take up to ``room`` tasks, waiting ``block`` seconds for the first. Raises RedisError."""
        try:
            return self._fetch(room, block)
        except RedisError:
            # What was read and not taken lies under our name: it comes first next time.
            self.reader.rewind()
            raise

    def end(self, task: StartTask, fields: Mapping[str, str]) -> None:
        """Put aside the end of a task, to be sent by ``flush``; ``fields`` are encoded."""
        self._ended.append(_Ended(task.event, fields, time.monotonic()))

    def drop(self, task: StartTask) -> None:
        """Forget a task that is another consumer's by now."""
        self._in_hand.discard(task.event)

    def release(self, tasks: Sequence[StartTask]) -> None:
        """Hand back tasks that nobody has begun."""
        self.reader.release([task.event for task in tasks])
        for task in tasks:
            self.drop(task)

    @property
    def overdue(self) -> bool:
        """Tell if an end has waited long enough for others."""
        try:
            return time.monotonic() - self._ended[0].at > LINGER
        except IndexError:
            return False

    def flush(self) -> None:
        """Send all ends that wait. Raises RedisError; what was not sent is kept."""
        with self._sending:
            self._send()

    def flush_soon(self) -> None:
        """Send all ends that wait, unless a thread does so already or Redis is away."""
        # Looked at again after each release: an end may come while the lock is still held.
        while self._ended and self._sending.acquire(blocking=False):
            try:
                self._send()
            except RedisError as error:
                LOG.debug(kv("ends-kept", group=self.reader.group, error=error))
                return
            finally:
                self._sending.release()

    def close(self) -> None:
        """Send what waits and leave the group. Raises RedisError."""
        self.flush()
        self._acknowledge_ignored()
        self.reader.drop()
        self.reader.close()

    def _fetch(self, room: int, block: float) -> list[StartTask]:
        entries = self._claim(room) or self._read_new(room, block)
        tasks = [task for entry in entries if (task := self._read(entry)) is not None]
        self._stretch = 1 if tasks or not entries else min(2 * self._stretch, LARGEST_READ)
        if len(tasks) > room:
            # More of ours among the foreign ones than fits: whoever is free may have it at once.
            self.reader.release([task.event for task in tasks[room:]])
            self._stale = True
        if not entries or len(self._ignored) > MOST_IGNORED:
            self._acknowledge_ignored()
        return self._take(tasks[:room])

    def _claim(self, count: int) -> list[Entry]:
        """The entries that others have left; where there were some, there may be more."""
        if not self._claims.due() and not self._stale:
            return []
        entries = self.reader.claim_stale(count, skip=self._in_hand | self._newer.events)
        self._stale = bool(entries)
        if entries:
            LOG.debug(kv("claimed", group=self.reader.group, entries=len(entries)))
        return entries

    def _read_new(self, room: int, block: float) -> list[Entry]:
        count = min(room * self._stretch, LARGEST_READ)
        return self.reader.read(count, round(block * 1000), skip=self._in_hand)

    def _read(self, entry: Entry) -> StartTask | None:
        """The task in an entry; None, and the entry is ignored, if it is none of ours."""
        if task_events.kind_of(entry.fields) == "start-task":
            try:
                if self._wants(task_events.base_of(entry.fields)):
                    task = task_events.start_task(entry.id, entry.fields)
                    self.client.keys.full_id(task.workflow)
                    return task
            except ValueError as error:
                LOG.warning(kv("garbage", group=self.reader.group, id=entry.id, reason=error))
        self._ignored.append(entry.id)
        return None

    def _take(self, tasks: Sequence[StartTask]) -> list[StartTask]:
        """Ask for each task if it may be begun, in one round trip; return those that may."""
        if not tasks:
            return []
        transitions, reader = self.client.transitions, self.reader
        calls = [
            transitions.claim_attempt(task, reader.group, reader.consumer, most=self._max_deaths)
            for task in tasks
        ]
        reports = transitions.run(calls)
        for report in reports:
            if isinstance(report, RedisError) and is_temporary(report):
                raise report
        pairs = zip(tasks, reports, strict=True)
        taken = [task for task, report in pairs if self._may(task, report)]
        self._in_hand.update(task.event for task in taken)
        return taken

    def _may(self, task: StartTask, report: Report | Exception) -> bool:
        if isinstance(report, Exception):
            # Left pending, and tried again when it has been idle for long enough.
            LOG.error(kv("take-failed", workflow=task.workflow, step=task.index, error=report))
            return False
        if report.outcome is Outcome.NEWER:
            # Left pending: a newer process of the group claims it.
            self._newer.leave(task.workflow, task.event)
        elif report.outcome is Outcome.WORN_OUT:
            fail_permanently(self.client.context, self.reader.group, task, died(self._max_deaths))
        elif report.outcome is not Outcome.APPLIED:
            LOG.debug(_skipped(task, report.outcome))
            self._ignored.append(task.event)
        return report.outcome is Outcome.APPLIED

    def _send(self) -> None:
        """Send the ends that wait with the acknowledgements, in one MULTI."""
        ends = _taken_out(self._ended)
        if not ends:
            return
        ignored = _taken_out(self._ignored)
        stream, ids = self.client.keys.events, [end.event for end in ends]
        # Apart, a crash between the two would lose the end (acknowledged first) or make another
        # consumer do finished work again (ended first).
        try:
            with self.client.redis.pipeline(transaction=True) as pipe:
                for end in ends:
                    pipe.xadd(stream, cast("Any", end.fields))
                pipe.xack(stream, self.reader.group, *ids, *ignored)
                pipe.execute()
        except BaseException:
            # Sent twice if only the reply was lost: the token fences the second.
            self._ended.extendleft(reversed(ends))
            self._ignored.extend(ignored)
            raise
        self._in_hand.difference_update(ids)

    def _acknowledge_ignored(self) -> None:
        self.reader.ack(_taken_out(self._ignored))


def _taken_out(queue: deque[T]) -> list[T]:
    """Empty a queue that other threads add to meanwhile."""
    return [queue.popleft() for _ in range(len(queue))]


def _skipped(task: StartTask, outcome: Outcome) -> str:
    return kv("skipped", workflow=task.workflow, step=task.index, reason=outcome.sentence)
