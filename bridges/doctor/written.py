"""What `check -A` says of flows that are not started yet: who would run their steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from littleflow_redis.bridges.doctor.places import Place
from littleflow_redis.bridges.doctor.subject import Subject
from littleflow_redis.bridges.names import Found
from littleflow_redis.engine.unserved import Served, served

#: A place in a flow, and a sentence on it.
Said: TypeAlias = tuple[Place, str]


def refused(subject: Subject) -> Iterator[Said]:
    """Steps in categories of the app for which it has no task: they would fail at once."""
    for place in subject.written:
        if place.step.category in subject.categories:
            found = subject.names.resolve(place.step.base)
            if not isinstance(found, Found):
                yield place, found.reason


def waiting(subject: Subject) -> Iterator[Said]:
    """Steps that would wait: of categories and of queues that nobody serves now.

    The app serves its own categories, whether its bridge runs now or not.
    """
    try:
        there = served(subject.client)
    except RedisError:
        # A flow is also checked where nothing of it runs.
        there = Served(frozenset())
    own = Served(there.categories | {*subject.categories}, True, there.others, there.everything)
    for one in own.lacking(place.step for place in subject.written):
        steps = {id(step) for step in one.steps}
        yield from ((p, one.sentence) for p in subject.written if id(p.step) in steps)
    yield from unheard(subject)


def unheard(subject: Subject) -> Iterator[Said]:
    """Steps that go to queues from which no worker consumes; none if the broker is away."""
    queues = [(place, queue) for place in subject.written if (queue := subject.queue_of(place))]
    if not queues:
        return
    try:
        workers = subject.consumed({queue for _, queue in queues})
    except (OperationalError, OSError):
        return
    heard = {queue for names in workers.values() for queue in names}
    for place, queue in queues:
        if queue not in heard:
            start = f"start `celery -A {subject.given} worker -Q {queue}`"
            yield place, f"no Celery worker consumes from the queue {queue!r}: {start}"
