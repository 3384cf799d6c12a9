"""Tasks whose strategy is not Celery's default: it decides what becomes of their messages.

A strategy is given a message, makes a request of the task's ``Request``, and brings it to the pool,
at once or later. Or it answers the message, and runs nothing. So a class that makes requests of
ours stands for ``Request``, and the message of a step has a channel that hears the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore, Reject
from celery.utils.imports import qualname
from celery.worker.strategy import default
from kombu.utils.imports import symbol_by_name

from ..ends.task_error import TaskError, error_of
from .held_step import HeldStep

#: A strategy as it was built: called with message, body, ack, reject and callbacks.
Strategy = Callable[..., Any]

#: Marks the class that stands for a task's ``Request``: the class that it stands for.
_STANDS_FOR = "littleflow_request"

#: Why a step fails that a strategy has answered for.
DROPPED = (
    "the strategy {name} acknowledged its message and did not bring it to the pool: if it runs "
    "tasks in a way of its own, serve this step by a bridge"
)
REFUSED = "the strategy {name} rejected its message"


def has_own_strategy(task: Task) -> bool:
    """Whether something else than Celery's default decides about a task's messages."""
    if type(task).start_strategy is not Task.start_strategy:
        return True
    return symbol_by_name(task.Strategy) is not default


class OwnStrategies:
    """The strategies of an app's tasks that are not Celery's default, as its consumer built them.

    ``request_over`` makes the class of a step's requests on top of another.
    """

    def __init__(self, app: Celery, request_over: Callable[[type, Task], type]) -> None:
        self._app = app
        self._request_over = request_over
        self._built: Mapping[str, Strategy] = {}

    @contextmanager
    def building(self, strategies: Mapping[str, Strategy]) -> Iterator[None]:
        """Within it the consumer builds ``strategies``, and they find our requests."""
        tasks = [task for task in self._app.tasks.values() if has_own_strategy(task)]
        for task in tasks:
            task.Request = self._standing_for(task)
        yield
        self._built = {task.name: strategies[task.name] for task in tasks}

    def of(self, task: Task) -> Strategy | None:
        """The strategy of a task; None if it is Celery's default."""
        return self._built.get(task.name)

    def _standing_for(self, task: Task) -> type:
        """The task's own class of requests, which makes one of ours of the message of a step."""
        own: Any = symbol_by_name(getattr(task.Request, _STANDS_FOR, task.Request))
        made: dict[type, type] = {}

        class StandIn(own):  # type: ignore[misc] # made at run time
            def __new__(cls, message: Any, *_: Any, **__: Any) -> Any:
                channel = getattr(message, "channel", None)
                if not isinstance(channel, StepChannel):
                    return super().__new__(cls)
                if cls not in made:
                    made[cls] = _answering(self._request_over(cls, task), strategy_name(task))
                request: Any = object.__new__(made[cls])
                request.step, channel.step.request = channel.step, request
                return request

        setattr(StandIn, _STANDS_FOR, own)
        return StandIn


class StepChannel:
    """The channel of a step's message. It hears an answer that is given before any request is made.

    A request that is made says from then on what becomes of the step.
    """

    def __init__(self, step: HeldStep, strategy: str, channel: Any) -> None:
        self.step = step
        self.no_ack_consumers = getattr(channel, "no_ack_consumers", None)
        self._strategy = strategy
        self._channel = channel
        self._answer: Callable[[], None] | None = None
        self._returned = False
        step.request = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def basic_ack(self, tag: Any, *args: Any, **kwargs: Any) -> None:
        if self._channel is not None:
            self._channel.basic_ack(tag, *args, **kwargs)
        self._answered(partial(self.step.fail, dropped(self._strategy)))

    def basic_reject(self, tag: Any, requeue: bool = False, **kwargs: Any) -> None:
        if self._channel is not None:
            self._channel.basic_reject(tag, requeue=requeue, **kwargs)
        error = refused(self._strategy)
        self._answered(self.step.run_again if requeue else partial(self.step.fail, error))

    def returned(self) -> None:
        """The strategy has returned: of a message that it has answered it makes no request now."""
        self._returned = True
        if self._answer is not None and self.step.request is self:
            self._answer()

    def _answered(self, answer: Callable[[], None]) -> None:
        self._answer = answer
        if self._returned:
            self.returned()


def _answering(request: Any, strategy: str) -> type:
    """The class of requests that settle their steps when their strategy answers for them, too."""

    class StrategyRequest(request):  # type: ignore[misc] # made at run time
        def acknowledge(self) -> None:
            if self._waits():
                self.step.fail(dropped(strategy))
            super().acknowledge()

        def reject(self, requeue: bool = False) -> None:
            if self._waits() and requeue:
                self.step.run_again()
            elif self._waits():
                self.step.fail(refused(strategy))
            super().reject(requeue)

        def on_failure(self, *args: Any, **kwargs: Any) -> Any:
            # A process may be lost before it has said that it began.
            self.step.accept()
            return super().on_failure(*args, **kwargs)

        def _waits(self) -> bool:
            return self.step.request is self and not self.step.accepted

    return StrategyRequest


def dropped(strategy: str) -> TaskError:
    """The error of a step that a strategy has taken away."""
    error = error_of(Ignore())
    return TaskError(error.type, DROPPED.format(name=strategy), "", error.classes, final=True)


def refused(strategy: str) -> TaskError:
    """The error of a step that a strategy does not want."""
    error = error_of(Reject())
    return TaskError(error.type, REFUSED.format(name=strategy), "", error.classes)


def strategy_name(task: Task) -> str:
    """The name of a task's strategy, for people."""
    return task.Strategy if isinstance(task.Strategy, str) else str(qualname(task.Strategy))
