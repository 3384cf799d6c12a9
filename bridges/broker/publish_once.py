"""Sending tasks that must not run twice: each message once, on a connection that was just made.

A message that is sent again because its answer is missing runs its task twice. So nothing is tried
again here: neither by Celery and kombu nor because a connection had idled away. Without an answer
nobody knows whether a task was sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from celery import Celery
from celery.exceptions import WorkerLostError
from celery.result import denied_join_result
from kombu.exceptions import OperationalError
from kombu.messaging import Producer

from ..calls.task_call import TaskCall
from .answers import Answer, Refusal, answer_to, heard, sends_itself
from .publish import BATCH_ERRORS, CONNECT_TRIES, ONE_AT_A_TIME, send, unreachable

#: How such a message is sent.
_NEVER_AGAIN = {"retry": False}


@dataclass(frozen=True, slots=True)
class Doubt(Refusal):
    """A call that may have been sent."""

    final: bool = True

    @property
    def reason(self) -> str:
        return f"the Celery task {self.call.task} may have been sent: {self.task_error.reason}"


class PublisherOnce:
    """Sends tasks of one app that must not run twice. Safe to share between threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    @contextlib.contextmanager
    def connected(self) -> Iterator[Producer]:
        """Within it there is a connection of its own. Raises BrokerUnreachable."""
        with self._app.connection_for_write() as connection:
            try:
                connection.ensure_connection(max_retries=CONNECT_TRIES, interval_start=0)
            except OperationalError as error:
                raise unreachable(self._app, error) from error
            yield self._app.amqp.Producer(connection, auto_declare=False)

    def groups(self, calls: Sequence[TaskCall], producer: Producer) -> Iterator[Sequence[TaskCall]]:
        """Those calls that are sent together: all of them are, or none."""
        alone = {call.id for call in calls if sends_itself(self._app.tasks[call.task])}
        if not getattr(producer, "supports_batch_publish", False):
            alone = {call.id for call in calls}
        if together := [call for call in calls if call.id not in alone]:
            yield together
        yield from ([call] for call in calls if call.id in alone)

    def publish(self, group: Sequence[TaskCall], producer: Producer) -> list[Answer]:
        """Send a group; return what was answered of those that were not sent as they are."""
        batch = producer.batch() if len(group) > 1 else contextlib.nullcontext()
        try:
            with ONE_AT_A_TIME, denied_join_result(), batch:
                answers = [self._send(call, producer) for call in group]
        except BATCH_ERRORS as error:
            why = f"{error.__cause__ or error}; $on-lost: fail forbids to send it again"
            return [Doubt(call, WorkerLostError(why)) for call in group]
        return [answer for answer in answers if answer is not None]

    def _send(self, call: TaskCall, producer: Producer) -> Answer | None:
        if not sends_itself(self._app.tasks[call.task]):
            value = send(self._app, call, producer, _NEVER_AGAIN)
            return value if isinstance(value, Refusal) else None
        with heard(call) as ids:
            value = send(self._app, call, producer, _NEVER_AGAIN)
        if isinstance(value, Refusal):
            return Doubt(call, value.error) if ids else value
        return answer_to(call, value, ids)
