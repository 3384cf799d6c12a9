"""The findings of `check -A` on flows that are not started yet: who would run their steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from littleflow_redis.engine.model.exception_classes import known_class, known_names
from littleflow_redis.engine.operations.unserved import ServedNames, Unserved, served
from littleflow_redis.language.errors import close_names

from ..calls.task_lookup import Found
from .places import StorePlace
from .subject import Subject

#: A place in a flow, and a sentence on it.
Said: TypeAlias = tuple[StorePlace, str]


def refused(subject: Subject) -> Iterator[Said]:
    """Steps in categories of the app for which it has no task: they would fail at once."""
    for place in subject.written:
        if place.step.category in subject.categories:
            found = subject.names.resolve(place.step.base)
            if not isinstance(found, Found):
                yield place, found.reason


def waiting(subject: Subject) -> Iterator[Said]:
    """Steps that would wait: of categories and of queues that nobody serves now.

    The app serves its own categories, whether its workers or bridges run now or not.
    """
    asked = True
    try:
        there = served(subject.client)
    except RedisError:
        # A flow is also checked where nothing of it runs.
        there, asked = ServedNames(frozenset()), False
    own = ServedNames(
        there.categories | {*subject.categories}, True, there.others, there.everything
    )
    for place in subject.written:
        for one in own.lacking([place.step]):
            found = (
                one.found
                if asked
                else f"the app does not serve {one.what}, and Redis could not be asked who does"
            )
            yield place, f"{found}: {_advice(subject, one)}"
    yield from unheard(subject)


def _advice(subject: Subject, one: Unserved) -> str:
    """How to serve a category of which the app has the task, and have `check` know it."""
    found = subject.names.resolve(one.steps[0].base)
    if not isinstance(found, Found):
        return one.advice
    start = one.start(subject.given, its_own=one.category in subject.own_categories)
    option = f"--category {one.category or repr('')}"
    return f"{start}, for the app has {found.task}, and give `check` {option}"


def misspelt(subject: Subject) -> Iterator[Said]:
    """Names in ``$retry`` of steps of the app that are of no exception which is imported here.

    A worker may have imported more, and only a name that is close to another is surely wrong.
    """
    for place in subject.written:
        retry = place.step.options.get("$retry")
        if place.step.category not in subject.categories or not isinstance(retry, Mapping):
            continue
        for key in ("on", "except"):
            names: Any = retry.get(key, ())
            for name in names:
                if known_class(name) is None:
                    close = close_names(name, known_names(), 1)
                    meant = f"; did you mean {close[0]}?" if close else ""
                    yield place, f"$retry {key}: no exception {name} is known here{meant}"


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
