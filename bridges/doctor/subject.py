"""The subject of the checks."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import redis
from celery import Celery, Task

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.operations.unserved import listed as listed
from littleflow_redis.engine.operations.unserved import served
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.language import Flow

from ..app import own_categories
from ..broker.readers import is_redis
from ..calls.task_lookup import Found, TaskLookup
from .places import StorePlace, running

#: What a worker that serves steps itself imports.
STEPS_MODULE = "littleflow_redis.steps"

#: Seconds that workers have to answer one question.
ANSWER = 1.0

#: Seconds for which they are asked again while a queue seems to be consumed by nobody: a worker
#: that was just started does not answer yet.
PATIENCE = 7.0

#: Tries to reach the broker.
TRIES = 1


@dataclass(frozen=True)
class Subject:
    """An app, the engine's Redis, the categories that a bridge serves, and flows to look at.

    ``name`` is what was given to ``-A``; ``flows`` are those that are not started yet, by where
    they stand; workers have ``patience`` seconds to come.
    """

    client: Client
    app: Celery
    categories: Sequence[str]
    names: TaskLookup
    name: str = ""
    flows: Mapping[str, Flow] = field(default_factory=dict)
    patience: float = PATIENCE

    @property
    def engine(self) -> EngineContext:
        """The engine, for checks that search no workflows."""
        return self.client.context

    @property
    def given(self) -> str:
        """The value of ``-A`` for this app."""
        return self.name or self.app.main or "APP"

    @property
    def own_categories(self) -> tuple[str, ...]:
        """The categories that the app serves unasked."""
        return own_categories(self.app, self.name)

    @cached_property
    def inside(self) -> bool:
        """Whether workers of the app serve its steps themselves, and no bridge does.

        Where Redis does not say it, the app's settings do.
        """
        conf = self.app.conf
        included = STEPS_MODULE in (*(conf.include or ()), *(conf.imports or ()))
        try:
            now = served(self.client)
        except redis.RedisError:
            return included
        mine = {*self.categories}
        return (included or bool(mine & now.inside)) and not mine & now.bridged

    @property
    def tasks(self) -> list[Task]:
        """The app's own tasks, by name."""
        return [self.app.tasks[name] for name in sorted(self.names.tasks)]

    def tasks_with(self, attribute: str, value: Any) -> str:
        """The names of tasks of which this holds, as text: at most three, and how many more."""
        found = [task.name for task in self.tasks if getattr(task, attribute, None) == value]
        return listed(found)

    @cached_property
    def written(self) -> list[StorePlace]:
        """The tasks in ``flows``."""
        return [place for name, flow in self.flows.items() for place in StorePlace.all(name, flow)]

    @cached_property
    def places(self) -> list[StorePlace]:
        """The tasks in ``flows``, and those of workflows that run."""
        return [*self.written, *running(self.client)]

    @cached_property
    def queues(self) -> dict[str, list[str]]:
        """The queues that tasks go to, with the names of these and of steps that say a queue."""
        found: dict[str, list[str]] = {}
        for task in self.tasks:
            found.setdefault(self._queue(task), []).append(task.name)
        for place in self.places:
            if place.queue and (queue := self.queue_of(place)):
                found.setdefault(queue, []).append(str(place))
        return found

    def queue_of(self, place: StorePlace) -> str:
        """The queue that a step goes to; empty if no task of the app serves it."""
        if place.step.category not in self.categories:
            return ""
        found = self.names.resolve(place.step.base)
        return (
            self._queue(self.app.tasks[found.task], place.queue) if isinstance(found, Found) else ""
        )

    def _queue(self, task: Task, queue: str = "") -> str:
        queue = queue or getattr(task, "queue", None) or ""
        options = {"queue": queue} if queue else {}
        route = self.app.amqp.router.route(options, task.name, task_type=task)
        found = route.get("queue") or self.app.conf.task_default_queue
        return str(getattr(found, "name", found))

    def consumed(self, wanted: Collection[str]) -> dict[str, list[str]]:
        """The queues that each worker which answers consumes from.

        While one of those ``wanted`` is not among them the workers are asked again. Raises
        OperationalError.
        """
        deadline = time.monotonic() + self.patience
        with self.app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=TRIES, interval_start=0)
            inspect = self.app.control.inspect(timeout=ANSWER, connection=connection)
            while True:
                answers = inspect.active_queues() or {}
                found = {name: [one["name"] for one in queues] for name, queues in answers.items()}
                heard = {queue for queues in found.values() for queue in queues}
                if heard.issuperset(wanted) or time.monotonic() > deadline:
                    return found

    def servers(self) -> Iterator[tuple[str, redis.Redis]]:
        """The Redis servers in use, by what they are used for. Raises OperationalError."""
        yield "the engine's Redis", self.engine.redis
        backend = self.app.backend
        if is_redis(backend):
            yield "the result backend", backend.client
        with self.app.connection_for_write() as connection:
            if connection.transport.driver_type == "redis":
                connection.ensure_connection(max_retries=TRIES, interval_start=0)
                yield "the broker", connection.default_channel.client
