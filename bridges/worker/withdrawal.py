"""Steps in hand that are not wanted any more: revoked in this worker, as a bridge would have it.

A task that has not begun is dropped. One that runs already runs on, unless a signal is to end it.
Its end is late then, and its slot of the worker counts as taken by others.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from celery.worker import state

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.operations.unwanted import Unwanted, unwanted
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace
from littleflow_redis.workers.executor.executor import Executor

from .held_step import HeldStep

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds between two looks.
LOOK_EVERY = 2.0


class Withdrawal:
    """Finds such steps in a thread of ours, and withdraws them on that of the consumer.

    ``inbox`` has the tasks that wait for the consumer, ``steps`` those that it has submitted, by
    id. ``wake`` makes it call ``run``. ``signal`` is the name of one that ends a task which runs
    already, None for none.
    """

    def __init__(
        self,
        inbox: deque[StartTask],
        steps: Mapping[str, HeldStep],
        wake: Callable[[], None],
        signal: str | None,
    ) -> None:
        self._inbox = inbox
        self._steps = steps
        self._wake = wake
        self._signal = signal
        self._pace = Pace(LOOK_EVERY)
        self._found: deque[Unwanted] = deque()

    def look(self, executor: Executor) -> None:
        """Look, if it is time to. Raises RedisError."""
        if not self._pace.due():
            return
        closed, ending = unwanted(executor.client.context, executor.process, executor.tasks)
        # Of those that are submitted the consumer knows more.
        waiting = {task.uuid for task in [*self._inbox]}
        for task in closed:
            if task.uuid in waiting:
                _log(task)
                executor.forget(task)
        for task in ending:
            if task.uuid in waiting:
                _log(task)
                executor.release([task])
        submitted = Unwanted(
            *([t for t in some if t.uuid in self._steps] for some in (closed, ending))
        )
        if submitted.closed or submitted.ending:
            self._found.append(submitted)
            self._wake()

    def run(self, executor: Executor, pool: Any) -> None:
        """Withdraw those of what was found that were submitted."""
        while self._found:
            found = self._found.popleft()
            for task in found.closed:
                if step := self._steps.get(task.uuid):
                    self._drop(step, pool)
                executor.forget(task)
            for task in found.ending:
                if step := self._steps.get(task.uuid):
                    self._end(step, pool)

    def _drop(self, step: HeldStep, pool: Any) -> None:
        """Nobody waits for this step's end."""
        if not step.accepted:
            step.drop()
            self._revoke(step)
        elif self._signal and (request := state.requests.get(step.id)):
            # Before Celery says that it was revoked.
            step.drop()
            self._terminate(request, pool)

    def _end(self, step: HeldStep, pool: Any) -> None:
        """The workflow of this step is being terminated, and waits for the step's end."""
        if not step.accepted:
            step.hand_back()
            self._revoke(step)
        elif self._signal and (request := state.requests.get(step.id)):
            self._terminate(request, pool)

    def _revoke(self, step: HeldStep) -> None:
        _log(step.task)
        # No attempt with this id will ever be open again.
        state.revoked.add(step.id)
        request = state.requests.get(step.id)
        if request is not None and (step.job is None or step.job.withdrawn()):
            request.revoked()

    def _terminate(self, request: Any, pool: Any) -> None:
        try:
            request.terminate(pool, signal=self._signal)
        except NotImplementedError as error:
            hint = "it runs on: only a pool of processes can end a task"
            LOG.warning(kv("not-terminated", task=request.id, reason=error, next=hint))
            self._signal = None


def _log(task: StartTask) -> None:
    LOG.info(kv("withdrawn", workflow=task.workflow, step=task.index))
