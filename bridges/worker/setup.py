"""The settings of a Celery worker that serves steps, read once, when the worker is made."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import click
from celery import Celery
from celery.concurrency import solo, thread

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.connection import UNUSED, ConfigurationError, close_unused, connect
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace
from littleflow_redis.events.streams import consumer_name
from littleflow_redis.workers.executor.executor import Executor
from littleflow_redis.workers.executor.heartbeat import Life, ProcessHeartbeat, ThreadHeartbeat
from littleflow_redis.workers.executor.roles import Role, roles
from littleflow_redis.workers.executor.served_queues import ServedQueues

from ..app import app_prefixes
from ..bridge import served_categories
from ..calls.call_builder import CallBuilder
from ..calls.call_options import CallOptions, app_settings
from ..calls.served_app import ServedApp
from ..calls.task_lookup import TaskLookup
from .following import following
from .inherited import close_connections
from .pool_job import forks
from .queues import TaskQueues
from .redis_address import keys_here, redis_of
from .registry import Registry
from .room import Room
from .runner import Helping, StepRunner
from .wakeups import wakeup_of
from .worker_settings import read_worker_settings

LOG = logging.getLogger("littleflow_redis.worker")

#: The protocol of messages that carry headers.
PROTOCOL = 2


class Service:
    """The steps that one worker serves, from its first connection to its end."""

    def __init__(
        self,
        runner: StepRunner,
        executor: Executor,
        roles: Sequence[Role],
        about: Mapping[str, Any],
    ) -> None:
        self.runner = runner
        self._roles = roles
        self._executor = executor
        self._about = about
        self._started = False

    def start(self) -> None:
        """Begin to take steps; later calls do nothing."""
        if not self._started:
            self._started = True
            self._executor.start()
            for role in self._roles:
                role.start()
            LOG.info(kv("serving-steps", **self._about))

    def close(self) -> None:
        """Take nothing more; hand back what has not begun."""
        self._executor.close()
        self.runner.close()

    def close_inherited(self) -> None:
        """In a child of the pool: close what belongs to the main process."""
        self.runner.close_inherited()
        close_connections(self._executor.client.redis.connection_pool)
        for role in self._roles:
            role.close_inherited()

    def finish(self) -> None:
        """Apply the last ends, hand back what has not ended, and leave."""
        if self._started:
            for role in self._roles:
                role.close()
            self._executor.finish(partial(self.runner.close, ended=True))
            LOG.info(kv("served-steps", process=self._executor.process))


def build_service(worker: Any) -> Service:
    """Put together what serves the steps of a worker. Raises ConfigurationError."""
    app: Celery = worker.app
    _check(app, worker)
    app.finalize()
    own = read_worker_settings(app)
    settings, origin = redis_of(app)
    client = Client(redis=connect(settings), keys=keys_here())
    name = _module(app)
    rules = CallOptions([app_settings(app)])
    names = TaskLookup(app.tasks, app_prefixes(app, name), rules.mapping)
    served = ServedApp(app, served_categories(app, name, own.serve), names, rules)
    calls = CallBuilder(app, names, rules, results=False)
    queues = TaskQueues(app, calls)
    process = consumer_name()
    prefetch = worker.prefetch_multiplier if own.prefetch is None else own.prefetch
    first = Registration(served.categories, app=app.main or name, tasks=names.digest)
    registry = Registry(client.context, process, first, queues, yields=not own.serve)
    room, helping, wakeup = Room(worker, prefetch), _helping(worker), wakeup_of(worker)
    runner = StepRunner(app, calls, queues, registry, room, helping, wakeup, own.terminate_signal)
    held, life = HeldAttempts(client.context), Life(process, registry.said, own.lifetime)
    registry.heartbeat = heartbeat = (
        ThreadHeartbeat(held, life)
        if forks(worker.pool)
        else ProcessHeartbeat(held, life, settings.url, client.keys)
    )
    options = rules.categories(served.categories)
    what = ServedQueues(served.categories, registry.queues, registry.leaves, defaults=options)

    unused = Pace(UNUSED)

    def each_turn() -> None:
        registry.turn()
        runner.withdrawal.look(executor)
        runner.doubts.look()
        if unused.due():
            close_unused(client.redis)

    executor = Executor(client, process, what, runner, heartbeat, own.lifetime, each_turn)
    runner.executor = executor
    shown = ",".join(category or "''" for category in served.categories)
    return Service(
        runner,
        executor,
        [
            *roles(client, process, own.roles, own.retain),
            *following(client, process, served, own),
        ],
        {"categories": shown, "redis": settings.address, "of": origin, "process": process},
    )


def _check(app: Celery, worker: Any) -> None:
    if app.conf.task_protocol != PROTOCOL:
        raise ConfigurationError(
            f"littleflow_redis.steps needs task_protocol = {PROTOCOL}: a retry sent by the older "
            "protocol would not be recognised"
        )
    if worker._conninfo.transport.driver_type == "memory" and forks(worker.pool):
        raise ConfigurationError(
            "a retry that a process of the pool sends to the broker memory:// stays in that "
            "process: use --pool threads or solo, or another broker"
        )


def _module(app: Celery) -> str:
    """The text after `-A`; the app's own name if there is none."""
    context = click.get_current_context(silent=True)
    given = context.find_root().params.get("app") if context else None
    return given if isinstance(given, str) else app.main or ""


def _helping(worker: Any) -> Helping:
    if isinstance(worker.pool, solo.TaskPool):
        return Helping.AFTER_ALL
    return Helping.AT_ONCE if isinstance(worker.pool, thread.TaskPool) else Helping.NOT
