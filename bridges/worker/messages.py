"""The message that a task would have had, for one that is not sent.

Receivers of Celery's publishing signals may add headers (tracing, tenants), and tasks may read
them; so the signals are sent, and the headers reach the task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from celery import Celery, Task, signals
from kombu.message import Message

from littleflow_redis.engine.model.task_events import StartTask

from ..calls.task_call import HEADER, TaskCall

#: Message header that says that whoever runs the task ends the step, too: no bridge waits for a
#: result.
HELD = "littleflow_held"

#: Its value for a step that must not run twice; true for any other.
ONCE = "once"

#: Options of apply_async that say where to send, or how, rather than what.
_NOT_SENT = ("serializer", "compression", "queue", "routing_key", "exchange", "exchange_type")


def held_by(step: StartTask) -> object:
    """The value of the header :data:`HELD` for a step."""
    return ONCE if step.once else True


@dataclass(frozen=True, slots=True)
class _Template:
    """The common parts of all messages of a task, which Celery takes long to build."""

    headers: Mapping[str, Any]
    properties: Mapping[str, Any]
    embed: Any


class Messages:
    """Builds the messages of one app's tasks.

    ``shown`` says whether somebody reads the arguments as texts, which are long in the making; else
    whoever wants them makes them.
    """

    def __init__(self, app: Celery, shown: Callable[[], bool]) -> None:
        self._app = app
        self._shown = shown
        self._templates: dict[str, _Template] = {}

    def of(
        self, call: TaskCall, step: StartTask, queue: str, emitted: float
    ) -> tuple[Message, Any]:
        """A message without a broker, and its body as it would be decoded.

        ``emitted`` is the time (as of ``time.time``) from which the task may expire.
        """
        task = self._app.tasks[call.task]
        own: Mapping[str, Any] = call.options.get("headers") or {}
        headers, properties, body = self._built(task, call, emitted)
        # As of a message whose caller leaves it to the task.
        headers["ignore_result"] = task.ignore_result
        headers |= {**own, HEADER: dict(call.header), HELD: held_by(step)}
        _announce(call, headers, properties, body, queue)
        message = Message(
            body=None,
            delivery_tag=call.id,
            content_type=None,
            content_encoding=None,
            delivery_info={"exchange": "", "routing_key": queue, "redelivered": False},
            headers=headers,
            properties=properties,
        )
        return message, body

    def _built(
        self, task: Task, call: TaskCall, emitted: float
    ) -> tuple[dict[str, Any], dict[str, Any], Any]:
        """Headers, properties and body."""
        shown = self._shown()
        plain = not shown and not call.options
        template = self._templates.get(call.task) if plain else None
        if template is None:
            headers, properties, body = self._celerys(task, call, shown, emitted)
            if plain and not headers["expires"]:
                self._templates[call.task] = _Template(headers, properties, body[2])
            return dict(headers), dict(properties), body
        headers = {**template.headers, "id": call.id, "root_id": call.id}
        properties = {**template.properties, "correlation_id": call.id}
        return headers, properties, (tuple(call.args), dict(call.kwargs), template.embed)

    def _celerys(
        self, task: Task, call: TaskCall, shown: bool, emitted: float
    ) -> tuple[dict[str, Any], dict[str, Any], Any]:
        """The same as Celery builds it."""
        options = {**task._get_exec_options(), **call.options}
        options.pop("headers", None)
        priority = options.pop("priority", None)
        for name in _NOT_SENT:
            options.pop(name, None)
        if not shown:
            options |= {"argsrepr": "", "kwargsrepr": ""}
        if options.get("expires") is not None:
            options["now"] = datetime.fromtimestamp(emitted, UTC)
        made = self._app.amqp.as_task_v2(
            call.id, call.task, tuple(call.args), dict(call.kwargs), origin=None, **options
        )
        return dict(made.headers), {**made.properties, "priority": priority}, made.body


def _announce(
    call: TaskCall, headers: dict[str, Any], properties: dict[str, Any], body: Any, queue: str
) -> None:
    where = {"exchange": "", "routing_key": queue}
    if signals.before_task_publish.receivers:
        signals.before_task_publish.send(
            sender=call.task,
            body=body,
            headers=headers,
            properties=properties,
            declare=[],
            retry_policy={},
            **where,
        )
    if signals.after_task_publish.receivers:
        signals.after_task_publish.send(sender=call.task, body=body, headers=headers, **where)
