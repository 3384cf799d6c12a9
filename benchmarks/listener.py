"""The native side's worker process: the tasks of :mod:`benchmarks.celeryapp` without Celery."""

from __future__ import annotations

import time
from typing import Any

from littleflow_redis import TaskListener
from littleflow_redis.events.logs import configure_logging

listener = TaskListener("bench")


@listener.task
def noop(value: Any = None) -> Any:
    """Hand on what it was given."""
    return value


@listener.task
def collect(values: list[Any]) -> int:
    """Join a fan-out."""
    return len(values)


@listener.task
def nap(value: Any = None) -> Any:
    """Take 10 ms."""
    time.sleep(0.01)
    return value


@listener.task
def stamp(value: Any = None) -> list[Any]:
    """Add when it was begun to a list of such times, in seconds since 1970."""
    return [*(value if isinstance(value, list) else []), time.time()]


if __name__ == "__main__":
    configure_logging("info")
    listener.run()
