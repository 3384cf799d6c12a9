"""The tasks of an app."""

from __future__ import annotations

from collections.abc import Iterator

import celery
from kombu.serialization import registry

from littleflow_redis.engine.store.defaults import without_timeout

from ..app import result_refusal
from .finding import Finding, Level
from .subject import Subject, listed


def serializers(subject: Subject) -> Iterator[Finding]:
    conf = subject.app.conf
    sent = {task.serializer or conf.task_serializer for task in subject.tasks}
    accepted = {registry.name_to_type.get(name, name) for name in conf.accept_content}
    refused = sorted(name for name in sent if registry.name_to_type.get(name, name) not in accepted)
    if refused:
        yield Finding(
            "serializers",
            Level.ERROR,
            f"tasks are sent as {listed(refused)}, which accept_content does not hold",
            "workers throw such messages away, and their steps wait for ever",
            f"accept_content={sorted({*conf.accept_content, *refused})}",
        )


def ignore_result(subject: Subject) -> Iterator[Finding]:
    refusals = [reason for task in subject.tasks if (reason := result_refusal(task))]
    for reason in refusals[:3]:
        found, _, advice = reason.rpartition(": set ")
        yield Finding("ignore-result", Level.ERROR, found, "its steps fail at once", advice)
    ignoring = subject.tasks_with("ignore_result", value=True)
    if ignoring and not refusals:
        yield Finding(
            "ignore-result",
            Level.WARNING,
            f"ignore_result=True on {ignoring}; bridges ask for the result all the same",
            "workers before Celery 5.6.3 store nothing, and the steps wait for ever",
            f"ignore_result=False, or run workers of the version here, {celery.__version__}",
        )


def track_started(subject: Subject) -> Iterator[Finding]:
    if silent := subject.tasks_with("track_started", value=False):
        yield Finding(
            "track-started",
            Level.HINT,
            f"no worker reports when {silent} begin",
            "$timeout counts from publishing, so an outage of all workers uses up retries; "
            "$queue-timeout finds no lost message",
            "task_track_started=True",
        )


def acks_late(subject: Subject) -> Iterator[Finding]:
    if early := subject.tasks_with("acks_late", value=False):
        yield Finding(
            "acks-late",
            Level.HINT,
            f"{early} are acknowledged before they run",
            "a worker that is killed loses what it runs; only $timeout finds it",
            "task_acks_late=True, for tasks that may run twice",
        )


def reject_on_worker_lost(subject: Subject) -> Iterator[Finding]:
    late = [task for task in subject.tasks if task.acks_late and not task.reject_on_worker_lost]
    if late:
        yield Finding(
            "reject-on-worker-lost",
            Level.HINT,
            f"{listed([task.name for task in late])} do not run again when their process is killed",
            "the step fails with WorkerLostError, unless $retry tries it again",
            "task_reject_on_worker_lost=True, for tasks that may run twice",
        )


def delivery_mode(subject: Subject) -> Iterator[Finding]:
    if subject.app.conf.task_default_delivery_mode in ("transient", 1):
        yield Finding(
            "delivery-mode",
            Level.WARNING,
            "messages are transient",
            "a broker that starts anew has lost them; only timeouts find their steps",
            "task_default_delivery_mode='persistent', which is the default",
        )


def timeouts(subject: Subject) -> Iterator[Finding]:
    redis, keys = subject.engine.redis, subject.engine.keys
    names = [name or "''" for name in without_timeout(redis, keys, list(subject.categories))]
    if names:
        yield Finding(
            "timeouts",
            Level.WARNING,
            f"no times are set for category {listed(names)}",
            "a step without $timeout or $queue-timeout of its own whose task gets lost waits "
            "for ever",
            "bridge --timeout 1h --queue-timeout 10m, or `timeout` and `queue-timeout` in --config",
        )
