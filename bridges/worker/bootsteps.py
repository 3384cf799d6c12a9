"""Two steps in a Celery worker's start and stop.

The worker's step owns Redis, threads and what is in hand, from the pool's start to its end. The
consumer's step is made anew at each connection to the broker: its start and stop say only that.
"""

from __future__ import annotations

from typing import Any

from celery import bootsteps, signals

from littleflow_redis.events.connection import ConfigurationError

from .inherited import InChildren
from .pool_job import protect_jobs
from .retried import take_message
from .runner import StepRunner
from .setup import Service, build_service


class ServeSteps(bootsteps.StartStopStep):  # type: ignore[misc] # untyped
    """The worker's step."""

    requires = ("celery.worker.components:Pool",)
    label = "littleflow"

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        worker.littleflow = None
        self._service: Service | None = None
        self._in_children: InChildren | None = None
        super().__init__(worker, **kwargs)

    def create(self, worker: Any) -> None:
        """Read the settings; one that is wrong ends the worker, with what to set."""
        try:
            self._service = worker.littleflow = build_service(worker)
        except ConfigurationError as error:
            raise SystemExit(f"littleflow_redis.steps: {error}") from error
        self._in_children = InChildren(self._service.close_inherited)
        signals.worker_shutdown.connect(self._finish, sender=worker, weak=False)

    def start(self, worker: Any) -> None:
        """Prepare the pool; steps are taken once there is a consumer."""
        protect_jobs(worker.pool)

    def close(self, _worker: Any) -> None:
        """Take nothing more; others may have what has not begun."""
        if self._service is not None:
            self._service.close()

    def stop(self, _worker: Any) -> None:
        """Nothing yet: the pool still works."""

    def terminate(self, worker: Any) -> None:
        """Hand everything back at once."""
        self._finish(worker)

    def _finish(self, sender: Any, **_: Any) -> None:
        signals.worker_shutdown.disconnect(self._finish, sender=sender)
        service, self._service = self._service, None
        if service is not None:
            service.finish()
        if self._in_children is not None:
            self._in_children.stop()


class Connect(bootsteps.StartStopStep):  # type: ignore[misc] # untyped
    """The consumer's step."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    label = "littleflow"

    def start(self, consumer: Any) -> None:
        service: Service = consumer.controller.littleflow
        _wrap_strategies(consumer, service.runner)
        service.runner.attach(consumer)
        service.start()

    def stop(self, consumer: Any) -> None:
        consumer.controller.littleflow.runner.detach()

    def register_with_event_loop(self, consumer: Any, hub: Any) -> None:
        consumer.controller.littleflow.runner.register(hub)


def _wrap_strategies(consumer: Any, runner: StepRunner) -> None:
    """Have messages of steps run as such, whenever the consumer builds its strategies."""
    build = type(consumer).update_strategies

    def update_strategies() -> None:
        with runner.submission.strategies.building(consumer.strategies):
            build(consumer)
        for name, handle in consumer.strategies.items():
            consumer.strategies[name] = _wrapped(handle, runner)

    consumer.update_strategies = update_strategies
    update_strategies()


def _wrapped(handle: Any, runner: StepRunner) -> Any:
    def receive(
        message: Any, body: Any, ack: Any, reject: Any, callbacks: Any, **kwargs: Any
    ) -> Any:
        if take_message(runner, message, body, ack, reject):
            return None
        try:
            return handle(message, body, ack, reject, callbacks, **kwargs)
        finally:
            runner.message_came()

    return receive
