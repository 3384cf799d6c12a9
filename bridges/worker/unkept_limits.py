"""Time limits that a worker's pool does not keep: Celery says nothing of them."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task

from littleflow_redis.events.logs import kv

LOG = logging.getLogger("littleflow_redis.worker")

#: Those limits, by the module of the pool.
NOT_KEPT = {
    "celery.concurrency.solo": ("soft_time_limit", "time_limit"),
    "celery.concurrency.thread": ("soft_time_limit", "time_limit"),
    "celery.concurrency.eventlet": ("soft_time_limit", "time_limit"),
    "celery.concurrency.gevent": ("soft_time_limit",),
}


class UnkeptLimits:
    """Logs them, once for each task."""

    def __init__(self) -> None:
        self._looked: set[str] = set()

    def look(self, task: Task, consumer: Any) -> None:
        """Look at a task that this consumer's pool is about to run."""
        if task.name in self._looked:
            return
        self._looked.add(task.name)
        pool = type(consumer.pool).__module__
        for name in NOT_KEPT.get(pool, ()):
            if getattr(task, name) or getattr(consumer.controller, name):
                hint = f"the pool {pool.rpartition('.')[2]} cannot: set $timeout"
                LOG.warning(kv("limit-not-kept", task=task.name, limit=name, next=hint))
