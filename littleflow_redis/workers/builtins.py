"""Built-in tasks begun: the worker's side of the classes in `engine/builtins`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES, builtin_task
from littleflow_redis.engine.model.errors import InvalidId
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import (
    Garbage,
    StartTask,
    end_fields,
    kind_of,
    start_task,
)
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.store.mailbox import EventWait
from littleflow_redis.engine.store.scripts import Transitions
from littleflow_redis.events.event_codec import encode
from littleflow_redis.events.group import Entry
from littleflow_redis.events.logs import kv
from littleflow_redis.events.script_batch import Call

from .dead_lettering import MAX_DELIVERIES, fail_permanently, failed, is_outage
from .version_skew import VersionSkew
from .waits import Waits

LOG = logging.getLogger("littleflow_redis.worker")


class Builtins:
    """Begins built-in tasks for one group; ``on_report`` gets the report of each."""

    def __init__(
        self,
        engine: EngineContext,
        group: str,
        waits: Waits,
        newer: VersionSkew,
        on_report: Callable[[Report], None],
    ) -> None:
        self._engine = engine
        self._group = group
        self._waits = waits
        self._newer = newer
        self._on_report = on_report

    def task_of(self, entry: Entry) -> StartTask | None:
        """The built-in task that an event starts; None for any other event, and for garbage."""
        try:
            ours = kind_of(entry.fields) == "start-task"
            task = self._read(entry) if ours else None
        except (Garbage, InvalidId):
            return None
        return task if task is not None and task.category in BUILTIN_CATEGORIES else None

    def _read(self, entry: Entry) -> StartTask:
        task = start_task(entry.id, entry.fields)
        self._engine.keys.full_id(task.workflow)
        return task

    def begin(self, entry: Entry) -> None:
        """Begin a task, which acknowledges its start-task. Raises Garbage and InvalidId."""
        task = self._read(entry)
        builtin = builtin_task(task.base)
        try:
            request = builtin.request(task)
        except ValueError as error:
            self._fail(entry, task, str(error))
            return
        builtin.begin(_Attempt(task, self._group, self._engine.transitions, self, entry), request)

    def run(self, entry: Entry, task: StartTask, call: Call) -> None:
        """Run the script that begins a task."""
        (report,) = self._engine.transitions.run([call])
        self._on_begun(entry, task, report)

    def wait_for_event(self, entry: Entry, task: StartTask, wait: EventWait) -> None:
        """Begin a wait for an event."""
        try:
            reports, failure = self._waits.begin_wait(task, wait)
        except ResponseError as error:
            self._on_begun(entry, task, error)
            return
        for report in reports:
            self._on_report(report)
        if failure:
            self._fail(entry, task, failure)

    def _on_begun(self, entry: Entry, task: StartTask, report: Report | Exception) -> None:
        if isinstance(report, Report):
            if report.outcome is Outcome.NEWER:
                self._newer.leave(task.workflow, entry.id)
            self._on_report(report)
            for after in self._engine.fire_ready_steps(report):
                self._on_report(after)
            return
        if is_outage(report):
            raise report
        LOG.error(kv("task-failed", workflow=task.workflow, step=task.index, error=report))
        if entry.deliveries >= MAX_DELIVERIES:
            # As a dead letter alone, its attempt would stay open for ever.
            fail_permanently(self._engine, self._group, task, failed(entry.deliveries, report))

    def _fail(self, entry: Entry, task: StartTask, reason: str) -> None:
        """Fail a task finally. One of a newer workflow is left alone: its version may know it."""
        version: Any = self._engine.redis.hget(task.workflow, "version")
        if version is not None and int(version) > self._engine.transitions.version:
            self._newer.leave(task.workflow, entry.id)
            return
        end = encode(end_fields(task, reason=reason, final=True))
        # One MULTI: an end without the acknowledgement would be sent again, and the reverse lost.
        with self._engine.redis.pipeline(transaction=True) as pipe:
            pipe.xadd(self._engine.keys.events, end)  # type: ignore[arg-type]
            pipe.xack(self._engine.keys.events, self._group, entry.id)
            pipe.execute()


@dataclass(slots=True)
class _Attempt:
    """See ``BuiltinAttempt``."""

    task: StartTask
    group: str
    transitions: Transitions
    _worker: Builtins
    _entry: Entry

    def run(self, call: Call) -> None:
        self._worker.run(self._entry, self.task, call)

    def wait_for_event(self, wait: EventWait) -> None:
        self._worker.wait_for_event(self._entry, self.task, wait)
