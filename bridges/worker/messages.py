"""The message that a task would have had, for one that is not sent.

Receivers of Celery's publishing signals may add headers (tracing, tenants), and tasks may read
them; so the signals are sent, and the headers reach the task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery, signals
from kombu.message import Message

from ..calls.task_call import TaskCall

#: Message header that says which attempt of which workflow it is: ``self.request.littleflow``.
HEADER = "littleflow"

#: Options of apply_async that say where to send, or how, rather than what.
_NOT_SENT = ("serializer", "compression", "queue", "routing_key", "exchange", "exchange_type")


def message_of(app: Celery, call: TaskCall, queue: str, *, shown: bool) -> tuple[Message, Any]:
    """A message without a broker, and its body as it would be decoded.

    ``shown``: somebody reads the arguments as texts, which are long in the making; else whoever
    wants them makes them.
    """
    task = app.tasks[call.task]
    options = {**task._get_exec_options(), **call.options}
    own: Mapping[str, Any] = options.pop("headers", None) or {}
    priority = options.pop("priority", None)
    for name in _NOT_SENT:
        options.pop(name, None)
    if not shown:
        options |= {"argsrepr": "", "kwargsrepr": ""}
    made = app.amqp.as_task_v2(
        call.id, call.task, tuple(call.args), dict(call.kwargs), origin=None, **options
    )
    # As of a message whose caller leaves it to the task.
    headers = {**made.headers, "ignore_result": task.ignore_result}
    headers["headers"] = {**own, HEADER: dict(call.header)}
    headers.update(headers["headers"])
    _announce(call, headers, made, queue)
    message = Message(
        body=None,
        delivery_tag=call.id,
        content_type=None,
        content_encoding=None,
        delivery_info={"exchange": "", "routing_key": queue, "redelivered": False},
        headers=headers,
        properties={**made.properties, "priority": priority},
    )
    return message, made.body


def _announce(call: TaskCall, headers: dict[str, Any], made: Any, queue: str) -> None:
    where = {"exchange": "", "routing_key": queue}
    if signals.before_task_publish.receivers:
        signals.before_task_publish.send(
            sender=call.task,
            body=made.body,
            headers=headers,
            properties=made.properties,
            declare=[],
            retry_policy={},
            **where,
        )
    if signals.after_task_publish.receivers:
        signals.after_task_publish.send(sender=call.task, body=made.body, headers=headers, **where)
