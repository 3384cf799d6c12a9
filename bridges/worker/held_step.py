"""A step in hand: from the request that runs it to the end that the engine gets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.workers.executor.pending_end import PendingEnd, failed, succeeded

from ..ends.end_events import failure_fields
from ..ends.result_tuples import OWN_RESULT
from ..ends.task_error import TaskError
from .pool_job import PoolJob


class Ends(Protocol):
    """Where steps go when their requests are over."""

    def end(self, end: PendingEnd) -> None: ...

    def hand_back(self, step: HeldStep) -> None: ...

    def submitted(self, step: HeldStep) -> None: ...

    def withdraw(self, step: HeldStep) -> None: ...

    def published(self, step: HeldStep) -> None: ...

    def followed(self, step: HeldStep, follows: str) -> None: ...

    def note(self, step: HeldStep, text: str, retries: int) -> None: ...

    def over(self, step: HeldStep) -> None: ...


class HeldStep:
    """One run of a step by a request; the first outcome that is said of it counts.

    ``submit`` makes a request of it once more.
    """

    def __init__(
        self, task: StartTask, id: str, ends: Ends, submit: Callable[[HeldStep], None]
    ) -> None:
        self.task = task
        self.id = id
        #: When its start-task was written (as of ``time.time``), by the clock of Redis; now if it
        #: was handed over.
        self.emitted = int(task.event.partition("-")[0]) / 1000 if task.event else time.time()
        #: The request that runs it: the latest.
        self.request: object = None
        #: Its job in the pool, once it is there; and whether a process or thread has begun.
        self.job: PoolJob | None = None
        self.accepted = False
        self.submit = submit
        self._ends = ends
        self._over = False
        #: A signal's handler may come in between.
        self._deciding = threading.RLock()

    def succeed(self, text: str) -> None:
        """It ended with a value's text."""
        self._end(succeeded(self.task, text))

    def fail(self, error: TaskError) -> None:
        """It ended with an error."""
        fields = failure_fields(self.task, error.reason, error, final=error.final)
        self._end(failed(self.task, fields))

    def publish(self) -> None:
        """It is with the broker, for a retry or because its class sends it; so will its end be."""
        if self._settle():
            self._ends.published(self)

    def follow(self, follows: str = OWN_RESULT) -> None:
        """Results end it: its own, under its id, or those of the tasks that ``follows`` names."""
        if self._settle():
            self._ends.followed(self, follows)

    def retry(self, reason: str, number: int) -> None:
        """Celery has published it for its retry of this ``number``, for a reason or none."""
        self._ends.note(self, reason, number)
        self.publish()

    @property
    def over(self) -> bool:
        """Whether its outcome is known: then it need not be run."""
        return self._over

    def drop(self) -> None:
        """Nobody wants its outcome any more."""
        self._settle()

    def submitted(self) -> None:
        """The pool gets it now."""
        self._ends.submitted(self)

    def accept(self) -> bool:
        """Note that a process or thread begins it; False if others have it by now."""
        with self._deciding:
            self.accepted = self.accepted or not self._over
            return self.accepted

    def hand_back(self) -> None:
        """It is not run here: others may have it, unless it has begun and must not run twice."""
        if self._settle():
            self._withdraw()
            self._ends.hand_back(self)

    def leave(self) -> None:
        """It is not run to its end: the same when this process leaves."""
        if self._settle():
            self._withdraw()

    def run_again(self) -> None:
        """It has run, and asks itself for another run."""
        if self._settle():
            self._ends.withdraw(self)
            self._ends.hand_back(self)

    def _withdraw(self) -> None:
        if not (self.accepted or (self.job and self.job.may_have_begun())):
            self._ends.withdraw(self)

    def _end(self, end: PendingEnd) -> None:
        if self._settle():
            self._ends.end(end)

    def _settle(self) -> bool:
        with self._deciding:
            first, self._over = not self._over, True
        if first:
            self._ends.over(self)
        return first
