"""Tasks that do nothing: what is measured is everything around them. An ordinary Celery app.

Celery reads broker and result backend from CELERY_BROKER_URL and CELERY_RESULT_BACKEND.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from typing import Any

import redis
from celery import Celery

app = Celery("bench")


@app.task  # type: ignore[untyped-decorator]
def noop(value: Any = None) -> Any:
    """Hand on what it was given."""
    return value


@app.task  # type: ignore[untyped-decorator]
def collect(values: list[Any]) -> int:
    """Join a fan-out."""
    return len(values)


@app.task  # type: ignore[untyped-decorator]
def nap(value: Any = None) -> Any:
    """Take 10 ms."""
    time.sleep(0.01)
    return value


@lru_cache(1)
def _broker() -> redis.Redis:
    return redis.Redis.from_url(os.environ["CELERY_BROKER_URL"])


@app.task  # type: ignore[untyped-decorator]
def count(key: str) -> None:
    """Take 10 ms, and count at a key of the broker, for there may be no results."""
    time.sleep(0.01)
    _broker().incr(key)


@app.task  # type: ignore[untyped-decorator]
def stamp(value: Any = None) -> list[Any]:
    """Add when it was begun to a list of such times, in seconds since 1970."""
    return [*(value if isinstance(value, list) else []), time.time()]
