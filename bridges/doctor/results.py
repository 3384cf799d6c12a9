"""Where results are kept, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from littleflow_redis.events.connection import ConfigurationError

from ..broker.backends import result_backend
from .finding import Finding, Level
from .subject import STEPS_MODULE, Subject

#: Seconds; a bridge may be away for as long as that, at night or over a deployment.
SHORT = 3600


def backend(subject: Subject) -> Iterator[Finding]:
    try:
        result_backend(subject.app)
    except ConfigurationError as error:
        reason, _, advice = str(error).rpartition(": set ")
        costs = "no bridge can work: it would never learn how a task ended"
        advice += (
            ", or none: `celery -A "
            f"{subject.given} worker -I {STEPS_MODULE}` serves the steps without a bridge"
        )
        yield Finding("result-backend", Level.ERROR, reason, costs, advice)


def expires(subject: Subject) -> Iterator[Finding]:
    value = subject.app.conf.result_expires
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds and seconds < SHORT:
        yield Finding(
            "result-expires",
            Level.WARNING,
            f"results are kept for {seconds:g} s",
            "a bridge that is away for longer misses them; only $timeout finds their steps",
            "result_expires=86400, which is the default",
        )


def always_retry(subject: Subject) -> Iterator[Finding]:
    if not subject.app.conf.result_backend_always_retry:
        yield Finding(
            "always-retry",
            Level.HINT,
            "workers try once to store a result",
            "while the result backend is away results get lost; only $timeout finds their steps",
            "result_backend_always_retry=True",
        )
