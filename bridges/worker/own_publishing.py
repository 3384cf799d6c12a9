"""Tasks whose class has an ``apply_async`` of its own: it decides whether and how they run.

Classes that de-duplicate or add a tenant to each message do it there (celery-once,
celery-singleton). So such a task is sent by it, from this worker, and runs where the message goes.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from celery import Celery

from littleflow_redis.events.logs import kv

from ..broker.answers import Answer, Ended, Instead, Refusal
from ..broker.publish import BrokerUnreachable
from ..broker.publish_once import PublisherOnce
from ..calls.task_call import TaskCall
from ..ends.task_error import TaskError
from .doubts import Doubts
from .held_step import HeldStep
from .messages import HELD, held_by
from .replaced import NoResults, check_results, no_results

LOG = logging.getLogger("littleflow_redis.worker")


class OwnPublishing:
    """Sends tasks of one app, on the thread of the consumer."""

    def __init__(self, app: Celery, doubts: Doubts) -> None:
        self._app = app
        self._publisher = doubts.publisher
        self._once = PublisherOnce(app)
        self._doubts = doubts

    def publish(self, step: HeldStep, call: TaskCall) -> None:
        """Send a task, and settle its step by the answer."""
        headers = {**(call.options.get("headers") or {}), HELD: held_by(step.task)}
        call = replace(call, options={**call.options, "headers": headers})
        try:
            answers = self._publish(step, call)
        except BrokerUnreachable as error:
            # It may have been sent: whoever gets the start-task next sends it under the same id.
            LOG.warning(kv("sent-back", task=call.id, reason=error))
            step.hand_back()
            return
        match answers:
            case [Refusal(final=False, ours=False) as answer] if self._doubts.arise(step, answer):
                pass
            case [] | [Refusal(ours=True)]:
                # What stands in its way is said to be this very task: a worker that sent it died.
                step.publish()
            case [Refusal() as answer]:
                why = answer.task_error
                step.fail(TaskError(why.type, answer.reason, "", why.classes, final=answer.final))
            case [Ended() as answer] if answer.result.error is not None:
                step.fail(answer.result.error)
            case [Ended() as answer]:
                step.succeed(answer.result.output or "null")
            case [Instead() as answer, *_]:
                self._follow(step, answer)

    def _follow(self, step: HeldStep, answer: Instead) -> None:
        try:
            check_results(self._app, "its apply_async answered with another task")
        except NoResults as error:
            step.fail(no_results(error))
        else:
            step.follow(answer.ids)

    def _publish(self, step: HeldStep, call: TaskCall) -> list[Answer]:
        if not step.task.once:
            return self._publisher.publish([call])
        with self._once.connected() as producer:
            step.submitted()
            return self._once.publish([call], producer)
