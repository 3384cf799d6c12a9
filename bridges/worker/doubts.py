"""Tasks that their class refuses to send, although they may have been sent before.

A worker may have died, or have lost a connection, between the sending and the note of it. Then a
lock that stands in the way of the second message may be that of the first (celery-once). So the
step counts as sent, and whoever gets its message runs it. As it may not have been sent either, its
class is asked again, until it sends it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.states import Outcome, PublicationState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.model.trace_kinds import TraceKind
from littleflow_redis.events.logs import kv
from littleflow_redis.workers.executor.executor import Executor
from littleflow_redis.workers.executor.pending_end import failed

from ..broker.answers import Refusal
from ..broker.publish import BrokerUnreachable, Publisher
from ..broker.settle import DOUBT
from ..calls.task_call import TaskCall
from ..ends.end_events import failure_fields
from .held_step import HeldStep

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds until a class is asked again: at first, and at most.
SOON, LATER = 2.0, 30.0


@dataclass(frozen=True, slots=True)
class DoubtfulTask:
    """A task that may have been sent: asked for again ``at`` a time, and not after ``until``."""

    task: StartTask
    call: TaskCall
    at: float
    wait: float
    until: float


class Doubts:
    """The doubtful tasks of a worker; the thread of its consumer works with it.

    ``look`` may be called by any thread: ``wake`` then has that of the consumer ``run``.
    """

    def __init__(
        self, publisher: Publisher, executor: Callable[[], Executor], wake: Callable[[], None]
    ) -> None:
        self.publisher = publisher
        self._executor = executor
        self._wake = wake
        self._doubts: list[DoubtfulTask] = []

    def arise(self, step: HeldStep, answer: Refusal) -> bool:
        """Whether a refused task may have been sent before; then its step is settled here."""
        task = step.task
        try:
            if task.once or not self._came_again(task):
                return False
        except RedisError as error:
            LOG.warning(kv("sent-back", task=task.uuid, reason=error))
            step.hand_back()
            return True
        hint = "its class is asked again"
        LOG.warning(kv("sent-before", task=task.uuid, answer=answer.reason, next=hint))
        step.publish()
        now = time.monotonic()
        self._doubts.append(DoubtfulTask(task, answer.call, now + SOON, SOON, now + DOUBT))
        return True

    def look(self) -> None:
        """Have the consumer ask again, if it is time to."""
        now = time.monotonic()
        if any(doubt.at <= now for doubt in [*self._doubts]):
            self._wake()

    def run(self) -> None:
        """Ask again for those whose time has come."""
        now = time.monotonic()
        due = [doubt for doubt in self._doubts if doubt.at <= now]
        self._doubts = [doubt for doubt in self._doubts if doubt.at > now]
        for doubt in due:
            try:
                waits = self._waits(doubt.task)
                answers: list[Any] = self.publisher.publish([doubt.call]) if waits else []
            except (RedisError, BrokerUnreachable) as error:
                LOG.debug(kv("not-asked", task=doubt.task.uuid, error=error))
                self._again(doubt)
                continue
            match answers:
                case [Refusal(ours=False) as answer] if now >= doubt.until or answer.final:
                    about = answer.task_error
                    fields = failure_fields(doubt.task, answer.reason, about, final=answer.final)
                    self._executor().end(failed(doubt.task, fields))
                case [Refusal(ours=False)]:
                    self._again(doubt)

    def leave(self) -> None:
        """Have others ask, for this worker ends."""
        doubts, self._doubts = self._doubts, []
        executor = self._executor()
        for doubt in doubts:
            try:
                outcome, _ = executor.hold(doubt.task, doubt.task.uuid)
            except RedisError:
                continue  # It may be held: then it is handed back with the rest.
            if outcome is Outcome.APPLIED:
                executor.release([doubt.task])

    def _again(self, doubt: DoubtfulTask) -> None:
        wait = min(2 * doubt.wait, LATER)
        at = time.monotonic() + doubt.wait
        self._doubts.append(DoubtfulTask(doubt.task, doubt.call, at, wait, doubt.until))

    def _waits(self, task: StartTask) -> bool:
        """Whether a step still waits for its message. Raises RedisError."""
        client = self._executor().client
        key = client.keys.publications + task.category
        packed: Any = client.redis.hget(key, task.uuid)
        return bool(packed) and (
            Record(packed)[PublicationRecord.STATE] == PublicationState.PUBLISHED
        )

    def _came_again(self, task: StartTask) -> bool:
        """Whether the start-task of this attempt was written more than once. Raises RedisError."""
        activation, attempt = task.token.partition("-")[0].split(".")[:2]
        about = (TraceKind.REEMIT, task.field, int(activation), int(attempt))
        trace = self._executor().client.trace(task.workflow)
        return any((one.what, one.field, one.activation, one.attempt) == about for one in trace)
