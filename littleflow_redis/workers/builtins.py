"""Taking up built-in tasks: the worker's side of what `tasks` says is to be done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from redis.exceptions import ResponseError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import InvalidId
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import Garbage, StartTask, kind_of, start_task
from littleflow_redis.events.event_codec import encode
from littleflow_redis.events.group import Entry
from littleflow_redis.events.logs import kv
from littleflow_redis.events.script_batch import Call
from littleflow_redis.tasks import BUILTINS, EventWait, Fields, Latch, Sleep

from .dead_lettering import MAX_DELIVERIES, failed, give_up, is_outage
from .version_skew import VersionSkew
from .waits import Waits

LOG = logging.getLogger("littleflow_redis.worker")


class Builtins:
    """Takes up built-in tasks for one group; ``tell`` is shown what came of each."""

    def __init__(
        self,
        client: Client,
        group: str,
        waits: Waits,
        newer: VersionSkew,
        tell: Callable[[Report], None],
    ) -> None:
        self._client = client
        self._group = group
        self._waits = waits
        self._newer = newer
        self._tell = tell

    def task_of(self, entry: Entry) -> StartTask | None:
        """The built-in task that an event starts; None for any other event, and for garbage."""
        try:
            ours = kind_of(entry.fields) == "start-task"
            task = self._read(entry) if ours else None
        except (Garbage, InvalidId):
            return None
        return task if task is not None and task.category in BUILTINS else None

    def _read(self, entry: Entry) -> StartTask:
        task = start_task(entry.id, entry.fields)
        self._client.keys.full_id(task.workflow)
        return task

    def take_up(self, entry: Entry) -> None:
        """Take a task up, which acknowledges its start-task. Raises Garbage and InvalidId."""
        task = self._read(entry)
        todo = BUILTINS[task.category](task)
        transitions = self._client.transitions
        match todo:
            case EventWait():
                self._listen(entry, task, todo)
            case Sleep():
                call = transitions.wait(task, self._group, ms=todo.ms, until=todo.until)
                self._run(entry, task, call)
            case Latch():
                call = transitions.latch(task, self._group, todo.action, todo.name)
                self._run(entry, task, call)
            case _:
                self._end(entry, task, todo)

    def _run(self, entry: Entry, task: StartTask, call: Call) -> None:
        (report,) = self._client.transitions.run([call])
        self._taken_up(entry, task, report)

    def _listen(self, entry: Entry, task: StartTask, wait: EventWait) -> None:
        try:
            reports, failed = self._waits.listen(task, wait)
        except ResponseError as error:
            self._taken_up(entry, task, error)
            return
        for report in reports:
            self._tell(report)
        if failed is not None:
            self._end(entry, task, failed)

    def _taken_up(self, entry: Entry, task: StartTask, report: Report | Exception) -> None:
        if isinstance(report, Report):
            if report.outcome is Outcome.NEWER:
                self._newer.leave(task.workflow, entry.id)
            self._tell(report)
            for after in self._client.settle(report):
                self._tell(after)
            return
        if is_outage(report):
            raise report
        LOG.error(kv("task-failed", workflow=task.workflow, step=task.index, error=report))
        if entry.deliveries >= MAX_DELIVERIES:
            # Buried alone, its attempt would stay open for ever.
            give_up(self._client, self._group, task, failed(entry.deliveries, report))

    def _end(self, entry: Entry, task: StartTask, end: Fields) -> None:
        """End a built-in task at once; a newer workflow's is left alone: we may not know it."""
        version: Any = self._client.redis.hget(task.workflow, "version")
        if version is not None and int(version) > self._client.transitions.version:
            self._newer.leave(task.workflow, entry.id)
            return
        # One MULTI: an end without the acknowledgement would be sent again, and the reverse lost.
        with self._client.redis.pipeline(transaction=True) as pipe:
            pipe.xadd(self._client.keys.events, encode(end))  # type: ignore[arg-type]
            pipe.xack(self._client.keys.events, self._group, entry.id)
            pipe.execute()
