"""Brings the messages of steps to a worker's consumer, as requests of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from kombu.message import Message
from kombu.serialization import dumps, prepare_accept_content
from kombu.utils.imports import symbol_by_name

from .held_step import HeldStep
from .own_strategy import OwnStrategies, StepChannel, Strategy, strategy_name
from .receiving import receive
from .step_request import request_class
from .unkept_limits import UnkeptLimits


class Submission:
    """Submits steps to the consumer that is attached; to be called by that.

    ``measured`` is given the seconds that each run took.
    """

    def __init__(self, app: Celery, measured: Callable[[float], None]) -> None:
        self.strategies = OwnStrategies(app, self._class_over)
        self._app = app
        self._measured = measured
        self._consumer: Any = None
        self._classes: dict[str, type] = {}
        self._limits = UnkeptLimits()

    def attach(self, consumer: Any) -> None:
        """Work with a consumer that has connected; anew after its connection was lost."""
        self._consumer, self._classes = consumer, {}

    def submit(self, step: HeldStep, message: Message, body: Any, serializer: str | None) -> None:
        """Submit a message that was not sent; ``serializer`` is the one that it was to be sent in.

        Raises whatever the app's own code raises.
        """
        task = self._app.tasks[message.headers["task"]]
        if strategy := self.strategies.of(task):
            name = serializer or task.serializer or self._app.conf.task_serializer
            message.content_type, message.content_encoding, message.body = dumps(body, name)
            message.accept = prepare_accept_content(self._app.conf.accept_content)
            self._give(strategy, step, task, message)
        else:
            receive(self._consumer, self._request(step, task, message, body, decoded=True))

    def submit_sent(self, step: HeldStep, message: Message, *answers: Any) -> None:
        """Submit a message of the broker's.

        ``answers``: functions that acknowledge and reject it, none if it is the broker's no more.
        Raises whatever the app's own code raises.
        """
        task = self._app.tasks[message.headers["task"]]
        if strategy := self.strategies.of(task):
            if not answers:
                message.channel, message._state = None, "RECEIVED"
            self._give(strategy, step, task, message, *answers)
        else:
            callbacks = dict(zip(("on_ack", "on_reject"), answers, strict=False))
            body = message.body
            receive(self._consumer, self._request(step, task, message, body, **callbacks))

    def _give(
        self, strategy: Strategy, step: HeldStep, task: Task, message: Message, *answers: Any
    ) -> None:
        """Have a strategy decide about a message, which is as any of a broker's."""
        message.channel = channel = StepChannel(step, strategy_name(task), message.channel)
        ack, reject = answers or (message.ack_log_error, message.reject_log_error)
        strategy(message, None, ack, reject, self._consumer.on_task_message)
        channel.returned()

    def _request(
        self,
        step: HeldStep,
        task: Task,
        message: Message,
        body: Any,
        decoded: bool = False,
        **callbacks: Any,
    ) -> Any:
        consumer, made = self._consumer, self._classes.get(task.name)
        if made is None:
            made = self._class_over(symbol_by_name(task.Request), task)
            self._classes[task.name] = made
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
            **callbacks,
        )
        request.step, step.request = step, request
        return request

    def _class_over(self, own: type, task: Task) -> type:
        self._limits.look(task, self._consumer)
        return request_class(own, task, self._consumer, self._measured)
