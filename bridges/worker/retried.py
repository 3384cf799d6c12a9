"""Messages of steps that come from the broker: tasks that were retried, or sent by their class."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from redis.exceptions import RedisError

from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.logs import kv

from ..calls.task_call import HEADER
from .messages import HELD, ONCE
from .runner import StepRunner

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds until a message that cannot be run yet is looked at again: at first, and at most.
SOON, LATER = 0.05, 1.0


def take_message(runner: StepRunner, message: Any, body: Any, ack: Any, reject: Any) -> bool:
    """Run the step of a message, if it is of one that whoever runs it ends; False if it is not."""
    headers = message.headers or {}
    # A decoded body is that of an older protocol, which `setup` refuses. A task that replaces that
    # of a step may have its headers, but ends by its result.
    if body is not None or not headers.get(HELD) or headers.get("replaced_task_nesting"):
        return False
    match headers.get(HEADER):
        case {"workflow": str(workflow), "index": int(index), "token": str(token)}:
            name = headers["task"]
            options = {"$on-lost": "fail"} if headers[HELD] == ONCE else {}
            task = StartTask("", workflow, index, name, name, token, None, None, options)
            if task.uuid != headers["id"]:
                return False  # Of another task, to which that of the step has handed its headers.
            _Message(runner, task, message, ack, reject).take(SOON)
            return True
        case _:
            return False


class _Message:
    """A message that waits for its step: until this process holds the attempt, or it is over.

    It can be here before the process that published it has noted that, and it may be a copy of one
    that runs. Either way it is not acknowledged before it is known to be needed no more.
    """

    def __init__(
        self, runner: StepRunner, task: StartTask, message: Any, ack: Any, reject: Any
    ) -> None:
        self._runner = runner
        self._task = task
        self._message = message
        self._ack = ack
        self._reject = reject

    def take(self, wait: float) -> None:
        """Look whether it may be run, and if not yet, again in ``wait`` seconds."""
        task, id = self._task, self._message.headers["id"]
        try:
            outcome, category = self._runner.executor.hold(task, id)
        except RedisError as error:
            LOG.warning(kv("not-held", task=id, error=error, next=f"again in {LATER:g} s"))
            self._later(LATER)
            return
        if outcome is Outcome.GONE:
            self._ack(LOG, ())
        elif outcome is not Outcome.APPLIED:
            self._later(wait)
        else:
            base = f"{category}:{task.base}" if category else task.base
            self._runner.run_message(
                replace(task, base=base), id, self._message, self._ack, self._reject
            )

    def _later(self, wait: float) -> None:
        self._runner.call_after(wait, self.take, (min(2 * wait, LATER),))
