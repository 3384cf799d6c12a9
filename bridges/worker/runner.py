"""Brings steps to the pool of a Celery worker, on the thread of its consumer."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

from celery import Celery
from celery.worker import state
from redis.exceptions import RedisError

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.event_codec import sendable
from littleflow_redis.events.logs import kv
from littleflow_redis.workers.executor.executor import Executor
from littleflow_redis.workers.executor.pending_end import PendingEnd

from ..broker.answers import sends_itself
from ..broker.publish import Publisher
from ..calls.call_builder import CallBuilder, Misfit
from ..ends.task_error import TaskError, error_of
from ..ends.task_result import MAX_NOTE
from .doubts import Doubts
from .held_step import HeldStep
from .messages import Messages
from .own_publishing import OwnPublishing
from .queues import TaskQueues
from .receiving import LOG as STRATEGY
from .registry import Registry
from .room import Room
from .submission import Submission
from .wakeups import LONGEST, Wakeup
from .withdrawal import Withdrawal

LOG = logging.getLogger("littleflow_redis.worker")


class Helping(Enum):
    """When the threads that run tasks apply ends themselves.

    Threads of a pool do so one by one, the consumer's where it runs tasks when it has run all that
    it had. Where it only hears of results it must not wait for Redis.
    """

    NOT = 0
    AT_ONCE = 1
    AFTER_ALL = 2


class StepRunner:
    """Runs steps through the worker's consumer.

    ``begin`` may be called from any thread: it puts tasks into an inbox and wakes the consumer,
    which calls ``pump``. All that is Celery's happens there. While no consumer is attached, the
    inbox waits.
    """

    def __init__(
        self,
        app: Celery,
        calls: CallBuilder,
        queues: TaskQueues,
        registry: Registry,
        room: Room,
        helping: Helping,
        wakeup: Wakeup,
        terminate_signal: str | None = None,
    ) -> None:
        self.executor: Executor
        self._app = app
        self._calls = calls
        self._queues = queues
        self._registry = registry
        self._room = room
        self._helping = helping
        self.doubts = Doubts(Publisher(app), lambda: self.executor, wakeup)
        self._publishing = OwnPublishing(app, self.doubts)
        self._inbox: deque[StartTask] = deque()
        self._consumer: Any = None
        self._messages = Messages(app, self._shown)
        self.submission = Submission(app, room.ahead.measured)
        #: Submitted and not over, by task id.
        self._steps: dict[str, HeldStep] = {}
        self._wake = wakeup
        self.message_came = wakeup.message_came
        wakeup.pump, wakeup.busy = self.pump, lambda: bool(self._steps or self._inbox)
        self.withdrawal = Withdrawal(self._inbox, self._steps, wakeup, terminate_signal)

    # What the executor asks.

    def room(self) -> int:
        return self._room.room(self.executor.in_hand, self._kept(), len(self._inbox))

    def free(self) -> int:
        return self._room.free(self.executor.in_hand, self._kept(), len(self._inbox))

    def wants(self, task: StartTask, queue: str) -> bool:
        return self._registry.wants(task, queue)

    def begin(self, tasks: Sequence[StartTask]) -> None:
        self._inbox.extend(tasks)
        self._wake()

    def overdue(self) -> Sequence[StartTask]:
        return ()  # Celery keeps what it has been given.

    # What the consumer does.

    def attach(self, consumer: Any) -> None:
        """Work with a consumer that has connected; anew after its connection was lost.

        Then it dropped every request that the pool had not got, and the pool those not yet sent to
        a process.
        """
        self._consumer = consumer
        self.submission.attach(consumer)
        for step in [*self._steps.values()]:
            if not step.accepted and (step.job is None or step.job.dropped()):
                step.submit(step)
        self._wake.connected(consumer)
        self._wake()

    def register(self, hub: Any) -> None:
        """The consumer's event loop begins."""
        self._wake.register(hub)

    def detach(self) -> None:
        """The consumer's connection is lost, or it ends."""
        self._consumer = None

    def pump(self, *_: Any) -> bool:
        """Do what is in the inbox; return whether there was anything."""
        self._wake.seen()
        until, found = time.monotonic() + LONGEST, False
        # While the broker brings tasks, it has a turn after each step.
        sharing = self._wake.sharing
        if self._consumer is not None:
            self.withdrawal.run(self.executor, self._consumer.pool)
            self.doubts.run()
        while self._inbox and self._consumer is not None:
            found = True
            for _turn in range(1 if sharing else len(self._inbox)):
                if self._consumer is not None:
                    self._wake.slot(self._consumer.pool)
                if self._consumer is None or not self._inbox:
                    break
                self._start(self._inbox.popleft())
            if self._helping is Helping.AFTER_ALL:
                # What these ran may be followed by more, for this very thread.
                self.executor.help()
            if sharing or time.monotonic() > until:
                self._wake()
                break
        return found

    def run_message(self, task: StartTask, id: str, message: Any, ack: Any, reject: Any) -> None:
        """Run a step that a message of the broker has brought; this process holds it.

        Copies of the message are nobody's from now on. So after a lost connection the step is run
        from here, too, and there is nothing to acknowledge any more.
        """
        answers = [ack, reject]

        def submit(step: HeldStep) -> None:
            with self._failing(step):
                self._steps[id] = step
                step.job = None
                given = tuple(answers)
                answers.clear()
                self.submission.submit_sent(step, message, *given)

        self.executor.add(task)
        submit(HeldStep(task, id, self, submit))

    def call_after(self, seconds: float, action: Callable[..., object], args: Any) -> None:
        """Have the consumer do this later."""
        if self._consumer is not None:
            self._consumer.timer.call_after(seconds, action, args)

    def close(self, *, ended: bool = False) -> None:
        """Hand back what has not begun, and what the pool has not run although it has ``ended``."""
        self.doubts.leave()
        self.executor.release([self._inbox.popleft() for _ in range(len(self._inbox))])
        for step in [*self._steps.values()]:
            if ended or step.job is None or step.job.withdrawn():
                step.hand_back()

    def close_inherited(self) -> None:
        """In a child of the pool: close what wakes the main process."""
        self._wake.close()

    # What steps report.

    def end(self, end: PendingEnd) -> None:
        self.executor.end(end, help=self._helping is not Helping.NOT)
        if self._helping is Helping.AT_ONCE:
            self.executor.help()

    def over(self, step: HeldStep) -> None:
        self._steps.pop(step.id, None)

    def submitted(self, step: HeldStep) -> None:
        self.executor.lost.begin_once(step.task)

    def withdraw(self, step: HeldStep) -> None:
        self.executor.lost.withdraw(step.task)

    def hand_back(self, step: HeldStep) -> None:
        self.executor.release([step.task])

    def published(self, step: HeldStep) -> None:
        self.executor.published.publish(step.task)

    def followed(self, step: HeldStep, follows: str) -> None:
        self.executor.published.follow(step.task, follows)

    def note(self, step: HeldStep, text: str, retries: int) -> None:
        self.executor.published.note(step.task, sendable(text[:MAX_NOTE]), retries)

    def _start(self, task: StartTask) -> None:
        if not self.executor.has(task):
            return  # Nobody wants it any more.
        step = HeldStep(task, task.uuid, self, self._submit)
        with self._failing(step):
            if not self._queues.consumes(self._queues.queue_of(task)):
                step.hand_back()
                return
        self._submit(step)

    def _submit(self, step: HeldStep) -> None:
        with self._failing(step):
            call = self._calls.call(step.task, step.id)
            if sends_itself(self._app.tasks[call.task]):
                self._publishing.publish(step, call)
                return
            self._steps[step.id] = step
            step.job = None
            queue = self._queues.queue_of(step.task)
            message, body = self._messages.of(call, step.task, queue, step.emitted)
            self.submission.submit(step, message, body, call.options.get("serializer"))

    @contextmanager
    def _failing(self, step: HeldStep) -> Iterator[None]:
        """Within it an error ends the step: it must not end the consumer."""
        try:
            yield
        except Misfit as error:
            if self._leaves(step.task):
                step.hand_back()
            else:
                step.fail(TaskError("Misfit", str(error), final=True))
        # The app's routers, signals, base classes and request classes run in there.
        except Exception as error:
            if not self._pool_works:
                # A cold shutdown stops the pool first, and the consumer looks up once more.
                step.hand_back()
                return
            LOG.exception(kv("not-begun", workflow=step.task.workflow, step=step.task.index))
            step.fail(error_of(error))

    @property
    def _pool_works(self) -> bool:
        return self._consumer is not None and self._consumer.pool.active

    def _kept(self) -> int:
        """How many submitted steps are not on their way to the pool."""
        steps = [*self._steps.values()]
        reserved = state.reserved_requests
        return sum(step.job is None and step.request not in reserved for step in steps)

    def _shown(self) -> bool:
        """Whether events or the log show the arguments of tasks."""
        eventer = self._consumer and self._consumer.event_dispatcher
        # Without groups all events are sent; remote control adds and removes that of tasks.
        sent = eventer and eventer.enabled and (not eventer.groups or "task" in eventer.groups)
        return bool(sent) or STRATEGY.isEnabledFor(logging.INFO)

    def _leaves(self, task: StartTask) -> bool:
        try:
            return self._registry.leaves(task)
        except RedisError:
            return True  # It is handed back when Redis is there.
