"""Tasks whose strategies decide themselves what becomes of a message."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery.utils.imports import symbol_by_name
from celery.worker.request import create_request_cls
from celery.worker.strategy import default

app = Celery("strategic")


def note(line: str) -> None:
    with Path(os.environ["LEDGER"]).open("a") as ledger:
        ledger.write(f"{line}\n")


def counted(task: Task, app: Celery, consumer: Any, **options: Any) -> Any:
    """Leaves a line for each message, and goes on as Celery's default."""
    handle = default(task, app, consumer, **options)

    def receive(message: Any, *answers: Any) -> Any:
        args, _, _ = message.payload
        note(f"{args[0]}-{message.headers['retries']}")
        return handle(message, *answers)

    return receive


class Later(Task):
    """Brings its messages to the pool a moment later."""

    def Strategy(self, task: Task, app: Celery, consumer: Any) -> Any:
        handle = default(task, app, consumer)

        def receive(*message: Any) -> None:
            consumer.timer.call_after(0.05, handle, message)

        return receive


def second(task: Task, app: Celery, consumer: Any) -> Any:
    """Sends its first message back."""
    handle = default(task, app, consumer)
    seen: list[str] = []

    def receive(message: Any, *more: Any) -> None:
        seen.append(message.headers["id"])
        if len(seen) == 1:
            message.requeue()
        else:
            handle(message, *more)

    return receive


def drop(task: Task, app: Celery, consumer: Any) -> Any:
    return lambda message, *_: message.ack()


def drop_later(task: Task, app: Celery, consumer: Any) -> Any:
    return lambda message, *_: consumer.timer.call_after(0.05, message.reject, ())


def broken(task: Task, app: Celery, consumer: Any) -> Any:
    def receive(*_: Any) -> None:
        raise LookupError("no such lane")

    return receive


def several(requests: list[Any]) -> None:
    note(f"together-{len(requests)}")


def batch(task: Task, app: Celery, consumer: Any) -> Any:
    """Runs the requests of two messages at once, in a way of its own, as celery-batches does."""
    request = create_request_cls(
        symbol_by_name(task.Request), task, consumer.pool, consumer.hostname, None, app=app
    )
    waiting: list[Any] = []

    def receive(message: Any, body: Any, ack: Any, reject: Any, *_: Any) -> None:
        options = {"on_ack": ack, "on_reject": reject, "app": app, "task": task}
        waiting.append(request(message, body=message.body, **options))
        if len(waiting) == 2:
            both = waiting[:]

            def accepted(*_: Any) -> None:
                for one in both:
                    one.acknowledge()

            ids = [one.id for one in both]
            consumer.pool.apply_async(several, (ids,), accept_callback=accepted)

    return receive


@app.task(Strategy="strategic:counted")
def add(x: float, y: float = 1) -> float:
    return x + y


@app.task(Strategy="strategic:counted", bind=True)
def persist(self: Task, x: str) -> int:
    if not self.request.retries:
        raise self.retry(countdown=0)
    return int(self.request.retries)


@app.task(Strategy="strategic:counted")
def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(Strategy="strategic:counted", rate_limit="100/s")
def refuse(x: str) -> None:
    raise ValueError(x)


@app.task(base=Later)
def wait(x: str) -> str:
    return x


@app.task(Strategy="strategic:second")
def insist(x: str) -> str:
    return x


for way in ("drop", "drop_later", "broken", "batch"):
    app.task(several, name=f"strategic.{way}", Strategy=f"strategic:{way}")
