"""What is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import redis
from celery import Celery, Task

from littleflow_redis.bridges.names import TaskNames
from littleflow_redis.bridges.readers import is_redis
from littleflow_redis.engine.client import Client
from littleflow_redis.language import Flow

#: Seconds that workers have to answer.
PATIENCE = 1.0

#: Tries to reach the broker.
TRIES = 1


@dataclass(frozen=True)
class Subject:
    """An app, the engine's Redis, the categories that a bridge serves, and flows to look at."""

    client: Client
    app: Celery
    categories: Sequence[str]
    names: TaskNames
    flows: Sequence[Flow] = field(default_factory=tuple)

    @property
    def tasks(self) -> list[Task]:
        """The app's own tasks, by name."""
        return [self.app.tasks[name] for name in sorted(self.names.tasks)]

    def tasks_with(self, attribute: str, value: Any) -> str:
        """The names of tasks of which this holds, as text: at most three, and how many more."""
        found = [task.name for task in self.tasks if getattr(task, attribute, None) == value]
        return listed(found)

    @cached_property
    def queues(self) -> dict[str, list[str]]:
        """The queues that tasks go to, with the names of these."""
        found: dict[str, list[str]] = {}
        for task in self.tasks:
            options = {"queue": task.queue} if getattr(task, "queue", None) else {}
            route = self.app.amqp.router.route(options, task.name, task_type=task)
            queue = route.get("queue") or self.app.conf.task_default_queue
            found.setdefault(getattr(queue, "name", queue), []).append(task.name)
        return found

    @cached_property
    def consumed(self) -> dict[str, list[str]]:
        """The queues that each worker which answers consumes from. Raises OperationalError."""
        with self.app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=TRIES, interval_start=0)
            inspect = self.app.control.inspect(timeout=PATIENCE, connection=connection)
            answers = inspect.active_queues() or {}
        return {worker: [queue["name"] for queue in queues] for worker, queues in answers.items()}

    def servers(self) -> Iterator[tuple[str, redis.Redis]]:
        """The Redis servers in use, by what they are used for. Raises OperationalError."""
        yield "the engine's Redis", self.client.redis
        backend = self.app.backend
        if is_redis(backend):
            yield "the result backend", backend.client
        with self.app.connection_for_write() as connection:
            if connection.transport.driver_type == "redis":
                connection.ensure_connection(max_retries=TRIES, interval_start=0)
                yield "the broker", connection.default_channel.client


def listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
