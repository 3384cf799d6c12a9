"""Reads the start-tasks of one consumer group, and holds those that this process is to run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from redis.exceptions import RedisError

from littleflow_redis.engine.model.script_results import Publication, Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary

from ..dead_lettering import died, fail_permanently
from ..start_tasks import StartTasks
from ..version_skew import VersionSkew
from .left_entries import LeftEntries

LOG = logging.getLogger("littleflow_redis.worker")


class TaskReader:
    """Holds the attempts of ``tasks`` for a process; one thread works with it.

    A start-task is acknowledged by the script that holds its attempt. So its entry is pending only
    between its read and that script. One that the process ``leaves`` stays pending, for another
    consumer of the group.
    """

    def __init__(
        self,
        engine: EngineContext,
        tasks: StartTasks,
        process: str,
        max_deaths: int,
        leaves: Callable[[StartTask], bool] = lambda _task: False,
    ) -> None:
        self.tasks = tasks
        self._engine = engine
        self._group = tasks.reader.group
        self._process = process
        self._max_deaths = max_deaths
        self._newer = VersionSkew(LOG)
        self._leaves = leaves
        self._left = LeftEntries(engine, tasks)

    def fetch(self, room: Callable[[], int], block: float) -> list[StartTask]:
        """Hold as many tasks as there is room for, waiting ``block`` seconds for the first.

        ``room`` is asked again when they have come. Raises RedisError.
        """
        try:
            wanted, skip = max(1, room()), self._skipped()
            found = self.tasks.claim(wanted, skip) or self.tasks.read(wanted, block, skip)
            tasks = self._without_left(found)
            fits = max(0, room()) if tasks else 0
            # More of ours among the foreign ones than fits: whoever is free may have it at once.
            self.tasks.release(tasks[fits:])
            return self._hold(tasks[:fits])
        except RedisError:
            # What was read and not held lies under our name: it comes first next time.
            self.tasks.reader.rewind()
            raise

    def _skipped(self) -> Collection[str]:
        """The entries that are pending for others."""
        return {*self._newer.events, *left} if (left := self._left.ids) else self._newer.events

    def _without_left(self, tasks: Sequence[StartTask]) -> Sequence[StartTask]:
        left = [task for task in tasks if self._leaves(task)]
        if not left:
            return tasks
        self._left.add(left)
        return [task for task in tasks if task not in left]

    def _hold(self, tasks: Sequence[StartTask]) -> list[StartTask]:
        """Ask for each task if it may be begun, in one round trip; return those that may."""
        if not tasks:
            return []
        transitions = self._engine.transitions
        calls = [
            transitions.claim_attempt(
                task,
                self._group,
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
            LOG.error(kv("take-failed", workflow=task.workflow, step=task.index, error=report))
            return False
        if report.outcome is Outcome.NEWER:
            self._newer.leave(task.workflow, task.event)
        elif report.outcome is Outcome.WORN_OUT:
            reason = died(self._max_deaths)
            fail_permanently(self._engine, self._group, task, reason)
        elif report.outcome is Outcome.RECORDED:
            # A bridge has recorded it and not yet published: its own group claims that.
            self.tasks.ignore(task)
        elif report.outcome is not Outcome.APPLIED:
            reason = report.outcome.sentence
            LOG.debug(kv("skipped", workflow=task.workflow, step=task.index, reason=reason))
        return report.outcome is Outcome.APPLIED
