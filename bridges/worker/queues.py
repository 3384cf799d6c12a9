"""Which queue a step's task goes to by the app's routes, and which this worker consumes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from celery import Celery

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.logs import kv

from ..calls.call_builder import CallBuilder

LOG = logging.getLogger("littleflow_redis.worker")

#: Steps whose queue is remembered.
_REMEMBERED = 4096


class TaskQueues:
    """Asks the app's router, with the task's own options, its category's and the step's."""

    def __init__(self, app: Celery, calls: CallBuilder) -> None:
        self._app = app
        self._calls = calls
        self._by_base = lru_cache(_REMEMBERED)(self._route)

    def consumed(self) -> list[str]:
        """The queues of this worker now: `-Q`, `-X`, and what remote control added or cancelled."""
        return [*self._app.amqp.queues.consume_from]

    def consumes(self, queue: str) -> bool:
        """Whether a queue is one of these."""
        return queue in self._app.amqp.queues.consume_from

    def queue_of(self, task: StartTask) -> str:
        """The queue of a step; the default one if no task serves it, which somebody has to say."""
        return own_queue(task) or self._by_base(task.base)

    def lacks(self, base: str) -> bool:
        """Whether the app has no task for a base."""
        return self._calls.lacks(base)

    def _route(self, base: str) -> str:
        found = self._calls.target(base)
        if found is None:
            return str(self._app.conf.task_default_queue)
        name, options = found
        task: Any = self._app.tasks[name]
        try:
            routed = self._app.amqp.router.route(
                {**task._get_exec_options(), **options}, name, (), {}, task
            )
        # The app's own routers run in there.
        except Exception as error:
            LOG.exception(kv("no-route", task=name, error=error, next="the default queue is used"))
            return str(self._app.conf.task_default_queue)
        queue = routed.get("queue")
        if queue is not None:
            return str(getattr(queue, "name", queue))
        # An exchange and a routing key: whatever queue is bound so.
        key = routed.get("routing_key")
        for name, one in self._app.amqp.queues.items():
            if key is not None and one.routing_key == key:
                return str(name)
        return str(self._app.conf.task_default_queue)


def own_queue(task: StartTask) -> str:
    """The queue that the step itself names; empty if it names none."""
    own = task.options.get("$celery")
    queue = own.get("queue") if isinstance(own, Mapping) else None
    return queue if isinstance(queue, str) else ""
