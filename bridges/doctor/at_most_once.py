"""Steps that must not run twice (`$on-lost: fail`), and settings by which Celery runs them again.

The engine does not begin such a step again when its process was lost. What Celery does by itself it
cannot hinder, and a retry by the task's own code it takes for what was meant.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

from celery import Task
from redis.exceptions import RedisError

from littleflow_redis.engine.store.defaults import on_lost

from ..calls.call_options import CallOptions, app_settings
from ..calls.task_lookup import Found
from .finding import Finding, Level
from .places import StorePlace
from .subject import Subject, listed


class Rerun(NamedTuple):
    """Why Celery would run a task again, and what to set."""

    reason: str
    set: str


def run_again(subject: Subject) -> Iterator[tuple[StorePlace, str]]:
    """Steps in ``flows`` that Celery may run twice although they say that they must not."""
    for place, task in _once(subject, subject.written):
        for rerun in _reruns(subject, task):
            yield place, f"$on-lost: fail, but {task.name} {rerun.reason}: set {rerun.set}"


def at_most_once(subject: Subject) -> Iterator[Finding]:
    """The same, of the steps of workflows that run, too."""
    places: dict[str, list[StorePlace]] = {}
    for place, task in _once(subject, subject.places):
        places.setdefault(task.name, []).append(place)
    for name, those in places.items():
        for rerun in _reruns(subject, subject.app.tasks[name]):
            yield Finding(
                "at-most-once",
                Level.WARNING,
                f"{listed([str(place) for place in those])}: $on-lost: fail, but {name} "
                f"{rerun.reason}",
                "such steps may run twice",
                rerun.set,
            )


def _once(subject: Subject, places: list[StorePlace]) -> Iterator[tuple[StorePlace, Task]]:
    """The steps that must not run twice, each with the app's task that serves it."""
    by_category = CallOptions([app_settings(subject.app)]).categories(subject.categories)
    chosen = {name: options.get("$on-lost") for name, options in by_category.items()}
    try:
        stored = on_lost(subject.engine.redis, subject.engine.keys, subject.categories)
    except RedisError:
        # A flow is also checked where nothing of it runs.
        stored = {}
    for place in places:
        category = place.step.category
        if category not in subject.categories:
            continue
        default = chosen[category] or stored.get(category, "")
        found = subject.names.resolve(place.step.base)
        if place.step.options.get("$on-lost", default) == "fail" and isinstance(found, Found):
            yield place, subject.app.tasks[found.task]


def _reruns(subject: Subject, task: Task) -> Iterator[Rerun]:
    if getattr(task, "autoretry_for", ()):
        yield Rerun("is retried by Celery itself (autoretry_for)", "$retry in its place")
    elif _calls_retry(task):
        yield Rerun("calls self.retry", "max_retries=0 on it, and $retry in its place")
    if subject.inside:
        # Without a message of a broker, the worker asks the engine what is to become of it.
        return
    if task.acks_late:
        reason = "is acknowledged late, so the broker delivers it again when its worker is lost"
        yield Rerun(reason, "acks_late=False on it")
    if getattr(task, "retry_on_worker_lost", False):
        reason = "is sent again by its worker when a process is lost"
        yield Rerun(reason, "retry_on_worker_lost=False on it")
    if (subject.app.conf.broker_transport_options or {}).get("retry_on_timeout"):
        yield Rerun(
            "is sent by a client that sends again when no answer comes",
            "broker_transport_options without retry_on_timeout",
        )


def _calls_retry(task: Task) -> bool:
    """Whether its function names `retry`, as `self.retry` does, and may be retried at all."""
    function: Any = inspect.unwrap(task.run)
    code = getattr(function, "__code__", None)
    return task.max_retries != 0 and code is not None and "retry" in code.co_names
