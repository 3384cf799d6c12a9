"""Reads the start-tasks of one consumer group, and claims those that this process is to run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from redis.exceptions import RedisError

from littleflow_redis.engine.model.script_results import Publication, Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.logs import kv

from ..dead_lettering import died, fail_permanently, is_outage
from ..start_tasks import StartTasks
from ..version_skew import VersionSkew
from .left_entries import LeftEntries

LOG = logging.getLogger("littleflow_redis.worker")


class TaskReader:
    """Claims the attempts of ``tasks`` for a process; one thread works with it.

    With ``hold`` the script that claims an attempt acknowledges its start-task: the entry is
    pending only between its read and that script. Without, the process acknowledges it with the
    end. One that the process ``leaves`` stays pending, for another consumer of the group.
    """

    def __init__(
        self,
        engine: EngineContext,
        tasks: StartTasks,
        process: str,
        max_deaths: int,
        leaves: Callable[[StartTask], bool] = lambda _task: False,
        *,
        hold: bool = True,
    ) -> None:
        self.tasks = tasks
        self._engine = engine
        self._group = tasks.reader.group
        self._process = process
        self._max_deaths = max_deaths
        self._newer = VersionSkew(LOG)
        self._leaves = leaves
        self._left = LeftEntries(engine, tasks)
        self._holds = hold

    def fetch(
        self, room: Callable[[], int], block: float, in_hand: Collection[str] = ()
    ) -> list[StartTask]:
        """Claim as many tasks as there is room for, waiting ``block`` seconds for the first.

        ``room`` is asked again when they have come. ``in_hand``: entries that this process has
        claimed and not acknowledged. Raises RedisError.
        """
        try:
            wanted, skip = max(1, room()), self._skipped(in_hand)
            found = self.tasks.claim(wanted, skip) or self.tasks.read(wanted, block, skip)
            tasks = self._without_left(found)
            fits = max(0, room()) if tasks else 0
            # More of ours among the foreign ones than fits: whoever is free may have it at once.
            self.tasks.release(tasks[fits:])
            return self._claim(tasks[:fits])
        except RedisError:
            # What was read and not claimed lies under our name: it comes first next time.
            self.tasks.reader.rewind()
            raise

    def _skipped(self, in_hand: Collection[str]) -> Collection[str]:
        """The entries that are pending, and not to be claimed."""
        left = self._left.ids
        return {*self._newer.events, *left, *in_hand} if left or in_hand else self._newer.events

    def _without_left(self, tasks: Sequence[StartTask]) -> Sequence[StartTask]:
        left = [task for task in tasks if self._leaves(task)]
        if not left:
            return tasks
        self._left.add(left)
        return [task for task in tasks if task not in left]

    def _claim(self, tasks: Sequence[StartTask]) -> list[StartTask]:
        """Ask for each task if it may be begun, in one round trip; return those that may."""
        if not tasks:
            return []
        transitions = self._engine.transitions
        calls = [
            transitions.claim_attempt(
                task,
                self._group,
                self._process,
                Publication(task.category, task.uuid) if self._holds else None,
                self._max_deaths,
                hold=self._holds,
            )
            for task in tasks
        ]
        reports = transitions.run(calls)
        for report in reports:
            if isinstance(report, Exception) and is_outage(report):
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
        elif report.outcome is not Outcome.APPLIED:
            # Somebody else has it, or nobody needs it. The script may have acknowledged it.
            self.tasks.ignore(task)
            reason = report.outcome.sentence
            LOG.debug(kv("skipped", workflow=task.workflow, step=task.index, reason=reason))
        return report.outcome is Outcome.APPLIED
