"""Sending tasks to Celery in batches.

Each task goes through its own ``apply_async``. So its options, the app's routes, signals and all
other hooks (tracing, a base class of the user's) hold as in any Celery program. Two things are
taken away. The Redis backend's SUBSCRIBE per task leaks channels in a process that lives long. One
round trip per message is needless where the transport can batch.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import kombu.exceptions
from celery import Celery
from celery.exceptions import QueueNotFound
from celery.result import denied_join_result
from kombu.exceptions import EncodeError, KombuError, OperationalError, SerializerNotInstalled
from kombu.messaging import Producer

from ..calls.task_call import HEADER, TaskCall
from .answers import Answer, Refusal, answer_to, heard, sends_itself

#: Tries to reach the broker before a batch counts as unsent; who called decides when to try again.
CONNECT_TRIES = 1

#: How one message alone is tried again: at once, for its connection may only have idled away.
_ONCE_MORE = {
    "retry": True,
    "retry_policy": {"max_retries": CONNECT_TRIES, "interval_start": 0, "interval_step": 0},
}

#: What trying again cannot fix: these end the step.
_FINAL = (EncodeError, SerializerNotInstalled, QueueNotFound, TypeError)

#: kombu before 5.7 has no batches.
_BatchError: type[KombuError] = getattr(kombu.exceptions, "BatchPublishError", OperationalError)

#: How a batch fails that the broker did not take, or did not answer.
BATCH_ERRORS: tuple[type[Exception], ...] = (OperationalError, _BatchError)


#: ``denied_join_result`` sets a flag of the whole process and sets it back: of two threads within
#: it, the first to leave would let the other subscribe.
ONE_AT_A_TIME = threading.Lock()


class BrokerUnreachable(ConnectionError):
    """The broker did not take the batch, or some of it, or took it and did not answer.

    Every call of the batch has to be published again, under the same id.
    """


@contextlib.contextmanager
def _declaring_once(producer: Any) -> Iterator[None]:
    """Within it a queue that was declared on this connection is only looked up.

    kombu looks it up too, but copies queue and exchange before: a quarter of the time that sending
    a message takes.
    """
    declare = producer.maybe_declare

    def maybe_declare(entity: Any, retry: bool = False, **policy: Any) -> Any:
        link = producer.channel.connection
        if link and entity.can_cache_declaration and hash(entity) in link.client.declared_entities:
            return False
        return declare(entity, retry, **policy)

    producer.maybe_declare = maybe_declare
    try:
        yield
    finally:
        del producer.maybe_declare


def unreachable(app: Celery, error: Exception) -> BrokerUnreachable:
    """The error of a broker that did not answer."""
    address = app.connection_for_write().as_uri()
    return BrokerUnreachable(f"no answer from the broker {address}: {error.__cause__ or error}")


def send(app: Celery, call: TaskCall, producer: Producer, options: Mapping[str, Any]) -> Any:
    """The value that ``apply_async`` returns, or a Refusal if it raises. Raises if the broker is
    away.
    """
    own = dict(call.options)
    headers = {**own.pop("headers", {}), HEADER: dict(call.header)}
    try:
        return app.tasks[call.task].apply_async(
            tuple(call.args),
            dict(call.kwargs),
            task_id=call.id,
            producer=producer,
            # Travels in the message: the worker stores the result whatever the task says.
            ignore_result=False,
            headers=headers,
            add_to_parent=False,
            **own,
            **options,
        )
    except BATCH_ERRORS:
        raise
    # The app's routers, signals and base classes run in there; what one task's code raises
    # concerns that task alone.
    except Exception as error:  # noqa: BLE001
        return Refusal(call, error, isinstance(error, _FINAL))


class Publisher:
    """Sends tasks of one app. Safe to share between threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(self, calls: Sequence[TaskCall]) -> list[Answer]:
        """Send the calls; return what was answered of those that were not sent as they are.

        All others are with the broker. Raises BrokerUnreachable, after which any of them may have
        been sent.
        """
        if not calls:
            return []
        apart: list[TaskCall] = []
        batch: list[TaskCall] = []
        for call in calls:
            (apart if sends_itself(self._app.tasks[call.task]) else batch).append(call)
        try:
            with (
                ONE_AT_A_TIME,
                self._app.producer_or_acquire() as producer,
                denied_join_result(),
            ):
                return [*self._publish(batch, producer), *self._publish_apart(apart, producer)]
        except BATCH_ERRORS as error:
            raise unreachable(self._app, error) from error

    def _publish(self, calls: Sequence[TaskCall], producer: Producer) -> list[Answer]:
        if not calls:
            return []
        with self._sending(producer, len(calls)) as options:
            sent = (send(self._app, call, producer, options) for call in calls)
            return [answer for answer in sent if isinstance(answer, Refusal)]

    def _publish_apart(self, calls: Sequence[TaskCall], producer: Producer) -> list[Answer]:
        """Send each by itself. In a batch it would be sent after its class believed that it was; if
        the batch then failed, the lock of the class would stand.
        """
        answers: list[Answer | None] = []
        for call in calls:
            with self._sending(producer, 1) as options, heard(call) as ids:
                value = send(self._app, call, producer, options)
            answers.append(value if isinstance(value, Refusal) else answer_to(call, value, ids))
        return [answer for answer in answers if answer]

    @contextlib.contextmanager
    def _sending(self, producer: Any, count: int) -> Iterator[dict[str, Any]]:
        """Within it the producer sends so many messages; the options that go with each."""
        producer.connection.ensure_connection(max_retries=CONNECT_TRIES, interval_start=0)
        if not getattr(producer, "supports_batch_publish", False):
            yield {}
            return
        with _declaring_once(producer):
            if count == 1:
                # A batch is a client, a pipeline and a transaction more.
                yield _ONCE_MORE
                return
            with producer.batch():
                # A retry would open a new channel, and a batch belongs to one channel.
                yield {"retry": False}
