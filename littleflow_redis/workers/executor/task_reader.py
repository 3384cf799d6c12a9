"""Reads the start-tasks of one consumer group, and holds those that this process is to run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError

from littleflow_redis.engine.model import task_events
from littleflow_redis.engine.model.script_results import Publication, Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.group import CLAIM_IDLE, Entry, GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.shutdown import Pace

from ..dead_lettering import died, fail_permanently
from ..intake import CLAIM_EVERY, LARGEST_READ
from ..version_skew import VersionSkew

LOG = logging.getLogger("littleflow_redis.worker")


def later(one: str, other: str) -> str:
    """The later of two ids of entries."""
    return max(one, other, key=lambda id: tuple(map(int, id.split("-"))))


class TaskReader:
    """One consumer of ``group``, for those start-tasks of a category that it ``wants``.

    A start-task is acknowledged by the script that holds its attempt. So an entry is pending only
    between its read and that script, and everything else is acknowledged at once. One thread works
    with it.
    """

    def __init__(
        self,
        engine: EngineContext,
        group: str,
        process: str,
        category: str,
        wants: Callable[[StartTask], bool],
        *,
        max_deaths: int,
        claim_idle: float = CLAIM_IDLE,
    ) -> None:
        self.reader = GroupReader(engine.redis, engine.keys.events, group, process, claim_idle)
        self._engine = engine
        self._process = process
        self._category = category
        self._wants = wants
        self._max_deaths = max_deaths
        self._newer = VersionSkew(LOG)
        self._claims = Pace(min(CLAIM_EVERY, claim_idle))
        #: Grows while the stream brings nothing of ours, so that foreign events go by in bulk.
        self._stretch = 1
        #: Whether entries are known to lie about that nobody works on.
        self._stale = False
        #: Whether the last read brought all there was, and the last entry that was read.
        self.drained = True
        self.last = "0-0"

    def fetch(self, room: Callable[[], int], block: float) -> list[StartTask]:
        """Hold as many tasks as there is room for, waiting ``block`` seconds for the first.

        ``room`` is asked again when they have come. Raises RedisError.
        """
        try:
            return self._fetch(room, block)
        except RedisError:
            # What was read and not held lies under our name: it comes first next time.
            self.reader.rewind()
            raise

    def close(self) -> None:
        """Leave the group. Raises RedisError."""
        self.reader.drop()
        self.reader.close()

    def _fetch(self, room: Callable[[], int], block: float) -> list[StartTask]:
        wanted = max(1, room())
        entries = self._claim(wanted)
        if not entries:
            count = min(wanted * self._stretch, LARGEST_READ)
            entries = self.reader.read(count, round(block * 1000), skip=self._newer.events)
            self.drained = len(entries) < count
            if entries:
                self.last = later(self.last, entries[-1].id)
        tasks, ignored = [], []
        for entry in entries:
            task = self._read(entry)
            if task is None:
                ignored.append(entry.id)
            else:
                tasks.append(task)
        self._stretch = 1 if tasks or not entries else min(2 * self._stretch, LARGEST_READ)
        fits = max(0, room()) if tasks else 0
        if len(tasks) > fits:
            # More of ours among the foreign ones than fits: whoever is free may have it at once.
            self.reader.release([task.event for task in tasks[fits:]])
            self._stale = True
        self.reader.ack(ignored)
        return self._hold(tasks[:fits])

    def _claim(self, count: int) -> list[Entry]:
        if not self._claims.due() and not self._stale:
            return []
        entries = self.reader.claim_stale(count, skip=self._newer.events)
        self._stale = bool(entries)
        return entries

    def _read(self, entry: Entry) -> StartTask | None:
        """The task in an entry; None if it is none of ours."""
        if task_events.kind_of(entry.fields) != "start-task":
            return None
        try:
            # First what is short: an input may be large.
            if task_events.category_of(task_events.base_of(entry.fields)) != self._category:
                return None
            task = task_events.start_task(entry.id, entry.fields)
            if not self._wants(task):
                return None
            self._engine.keys.full_id(task.workflow)
        except ValueError as error:
            LOG.warning(kv("garbage", group=self.reader.group, id=entry.id, reason=error))
            return None
        return task

    def _hold(self, tasks: Sequence[StartTask]) -> list[StartTask]:
        """Ask for each task if it may be begun, in one round trip; return those that may."""
        if not tasks:
            return []
        transitions = self._engine.transitions
        calls = [
            transitions.claim_attempt(
                task,
                self.reader.group,
                self._process,
                Publication(task.category, task.uuid),
                self._max_deaths,
                hold=True,
            )
            for task in tasks
        ]
        reports = transitions.run(calls)
        for report in reports:
            if isinstance(report, RedisError) and is_temporary(report):
                raise report
        return [t for t, report in zip(tasks, reports, strict=True) if self._may(t, report)]

    def _may(self, task: StartTask, report: Report | Exception) -> bool:
        if isinstance(report, Exception):
            # Left pending, and tried again when it has been idle for long enough.
            LOG.error(kv("claim-failed", workflow=task.workflow, step=task.index, error=report))
            return False
        if report.outcome is Outcome.NEWER:
            self._newer.leave(task.workflow, task.event)
        elif report.outcome is Outcome.WORN_OUT:
            reason = died(self._max_deaths)
            fail_permanently(self._engine, self.reader.group, task, reason)
        elif report.outcome is Outcome.RECORDED:
            # A bridge has recorded it and not yet published: its own group claims that.
            self.reader.ack([task.event])
        return report.outcome is Outcome.APPLIED
