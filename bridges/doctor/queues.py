"""The queues of a broker, and who consumes from them."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Level
from .subject import Subject, listed

#: Seconds after which the Redis transport hands out an unacknowledged message again, unless set.
VISIBILITY = 3600

#: Transports that have such a time.
_WITH_VISIBILITY = frozenset({"redis", "sqs"})


def visibility_timeout(subject: Subject) -> Iterator[Finding]:
    conf = subject.app.conf
    with subject.app.connection_for_write() as connection:
        if connection.transport.driver_type not in _WITH_VISIBILITY:
            return
    late = [task for task in subject.tasks if task.acks_late]
    seconds = (conf.broker_transport_options or {}).get("visibility_timeout", VISIBILITY)
    longer = [t for t in late if not t.time_limit or t.time_limit >= seconds]
    if longer:
        yield Finding(
            "visibility-timeout",
            Level.WARNING,
            f"{listed([task.name for task in longer])} may run for longer than {seconds} s, after "
            "which the broker delivers them to another worker",
            "they run twice at the same time, again and again",
            f"task_time_limit below {seconds}, or broker_transport_options="
            "{'visibility_timeout': …} above what they take, in all apps of the broker",
        )


def consumers(subject: Subject) -> Iterator[Finding]:
    workers = subject.consumed(subject.queues)
    if not workers:
        yield Finding(
            "consumers",
            Level.ERROR,
            "no Celery worker answers",
            "all steps wait until one comes",
            f"celery -A {subject.given} worker; one of the solo pool answers between its tasks",
        )
        return
    consumed = {queue for queues in workers.values() for queue in queues}
    for queue, tasks in sorted(subject.queues.items()):
        if queue not in consumed:
            yield Finding(
                "consumers",
                Level.ERROR,
                f"no worker consumes from the queue {queue!r}, where {listed(tasks)} go",
                "their steps wait until one does",
                f"celery -A {subject.given} worker -Q {queue}, or a route in "
                "task_routes to a queue that is consumed",
            )
