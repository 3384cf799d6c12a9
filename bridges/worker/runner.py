"""Brings steps to the pool of a Celery worker, on the thread of its consumer."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from celery import Celery
from kombu.message import Message
from redis.exceptions import RedisError

from littleflow_redis.engine.model.celery_ids import task_uuid
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.logs import kv
from littleflow_redis.workers.executor.end_applier import PendingEnd
from littleflow_redis.workers.executor.executor import Executor

from ..broker.answers import sends_itself
from ..calls.call_builder import CallBuilder, Misfit
from ..ends.task_error import TaskError, error_of
from .held_step import HeldStep
from .messages import HEADER, message_of
from .own_publishing import OwnPublishing
from .queues import TaskQueues
from .receiving import LOG as STRATEGY
from .receiving import receive
from .room import Room
from .step_request import request_class

LOG = logging.getLogger("littleflow_redis.worker")


class StepRunner:
    """Runs steps through the worker's consumer.

    ``begin`` may be called from any thread: it puts tasks into an inbox and wakes the consumer,
    which calls ``pump``. All that is Celery's happens there. While no consumer is attached, the
    inbox waits.
    """

    def __init__(self, app: Celery, calls: CallBuilder, queues: TaskQueues, room: Room) -> None:
        self.executor: Executor
        self._app = app
        self._calls = calls
        self._queues = queues
        self._room = room
        self._publishing = OwnPublishing(app)
        self._inbox: deque[StartTask] = deque()
        self._acknowledgements: deque[Callable[[], None]] = deque()
        self._consumer: Any = None
        self._classes: dict[str, type] = {}
        #: Submitted and not over, by task id.
        self._steps: dict[str, HeldStep] = {}
        self._closed = False
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)

    # What the executor asks.

    def room(self) -> int:
        return 0 if self._closed else self._room.left(self.executor.in_hand)

    def wants(self, task: StartTask, queue: str) -> bool:
        return self._queues.queue_of(task) == queue

    def begin(self, tasks: Sequence[StartTask]) -> None:
        self._inbox.extend(tasks)
        self._wake()

    # What the consumer does.

    @property
    def wake_fd(self) -> int:
        """Readable when the inbox has something for ``pump``."""
        return self._read_end

    def attach(self, consumer: Any) -> None:
        """Work with a consumer that has connected; anew after its connection was lost.

        Then it dropped every request that the pool had not got, and the pool those not yet sent to
        a process.
        """
        self._consumer, self._classes = consumer, {}
        for step in [*self._steps.values()]:
            if not step.accepted and (step.job is None or step.job.dropped()):
                step.submit(step)
        self.pump()

    def detach(self) -> None:
        """The consumer's connection is lost, or it ends."""
        self._consumer = None

    def pump(self, *_: Any) -> None:
        """Do what is in the inbox."""
        with suppress(BlockingIOError):
            os.read(self._read_end, 4096)
        while self._acknowledgements and self._consumer is not None:
            self._acknowledgements.popleft()()
        for _turn in range(len(self._inbox)):
            if self._consumer is None or not self._inbox:
                return
            self._start(self._inbox.popleft())

    def receive_message(self, message: Any, body: Any, ack: Any) -> bool:
        """Take a message of the broker, if it is that of a step: one that was retried."""
        about = (message.headers or {}).get(HEADER) if body is None else None
        match about:
            case {"workflow": str(workflow), "index": int(index), "token": str(token)}:
                name = message.headers["task"]
                task = StartTask("", workflow, index, name, name, token, None, None, {})
            case _:
                return False
        consumer = self._consumer

        def acknowledge() -> None:
            self._acknowledgements.append(lambda: ack(LOG, consumer.connection_errors))
            self._wake()

        step = HeldStep(task, message.headers["id"], self, lambda _: None, acknowledge)
        request = self._request(step, self._app.tasks[name], message, message.body, decoded=False)
        receive(consumer, request)
        return True

    def close(self) -> list[StartTask]:
        """Begin nothing more; return the tasks that have not begun."""
        self._closed = True
        tasks = [self._inbox.popleft() for _ in range(len(self._inbox))]
        for step in [*self._steps.values()]:
            if step.job is None:
                self.over(step)
                tasks.append(step.task)
        return tasks

    @property
    def busy(self) -> bool:
        """Whether there is anything that the consumer may soon have to do."""
        return bool(self._steps or self._inbox or self._acknowledgements)

    def release(self, tasks: Sequence[StartTask]) -> None:
        """Hand tasks back to the stream."""
        try:
            self.executor.release(tasks)
        except RedisError as error:
            # Still held, and no longer in hand: the executor hands it back when Redis is there.
            LOG.warning(kv("not-handed-back", tasks=len(tasks), error=error))
            for task in tasks:
                self.executor.forget(task)

    def left(self) -> list[StartTask]:
        """The tasks that the pool has not run although it has ended."""
        return [step.task for step in self._steps.values()]

    # What steps report.

    def end(self, task: StartTask, end: PendingEnd) -> None:
        self.executor.end(task, end)

    def over(self, step: HeldStep) -> None:
        self._steps.pop(step.id, None)

    def hand_back(self, step: HeldStep) -> None:
        self.release([step.task])

    def published(self, step: HeldStep) -> None:
        publication = Publication(step.task.category, step.id)
        try:
            self.executor.client.transitions.mark_published("", [(publication, "")])
        except RedisError as error:
            LOG.warning(kv("publication-unmarked", task=step.id, error=error))
        self.executor.forget(step.task)

    def _start(self, task: StartTask) -> None:
        id = task_uuid(task.workflow, task.index, task.token)
        step = HeldStep(task, id, self, self._submit)
        if self._queues.queue_of(task) not in self._queues.consumed():
            step.hand_back()
            return
        self._submit(step)

    def _submit(self, step: HeldStep) -> None:
        try:
            call = self._calls.call(step.task, step.id)
        except Misfit as error:
            step.fail(TaskError("Misfit", str(error), final=True))
            return
        if sends_itself(self._app.tasks[call.task]):
            self._publishing.publish(step, call)
            return
        self._steps[step.id] = step
        step.job = None
        eventer = self._consumer.event_dispatcher
        shown = bool(eventer and eventer.enabled) or STRATEGY.isEnabledFor(logging.INFO)
        try:
            message, body = message_of(
                self._app, call, self._queues.queue_of(step.task), shown=shown
            )
            request = self._request(step, self._app.tasks[call.task], message, body, decoded=True)
            receive(self._consumer, request)
        # The app's signals and request classes run in there.
        except Exception as error:
            LOG.exception(kv("not-begun", workflow=step.task.workflow, step=step.task.index))
            step.fail(error_of(error))

    def _request(
        self, step: HeldStep, task: Any, message: Message, body: Any, *, decoded: bool
    ) -> Any:
        consumer = self._consumer
        made = self._classes.get(task.name)
        if made is None:
            made = self._classes[task.name] = request_class(task, consumer, self._room.measured)
        request = made(
            message,
            app=self._app,
            hostname=consumer.hostname,
            eventer=consumer.event_dispatcher,
            task=task,
            connection_errors=consumer.connection_errors,
            body=body,
            headers=message.headers,
            decoded=decoded,
            utc=True,
        )
        request.step = step
        return request

    def _wake(self) -> None:
        # If it is full, the consumer wakes anyway.
        with suppress(BlockingIOError):
            os.write(self._write_end, b"\0")
