"""Tasks that leave a line for each hook, signal and method of Celery's that is called for them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from celery import Celery, Task, signals
from celery.worker.request import Request

app = Celery("watched")
app.conf.worker_send_task_events = True
app.conf.littleflow = {"prefetch": 16}


def note(what: str, id: str, **more: Any) -> None:
    with Path(os.environ["LEDGER"]).open("a") as ledger:
        ledger.write(json.dumps({"what": what, "id": id, **more}) + "\n")


def listen(name: str) -> None:
    """Leave a line for each sending of a signal that says a task's id, or has its request."""

    @getattr(signals, name).connect(weak=False)
    def noted(**given: Any) -> None:
        request = given.get("request")
        id = given.get("task_id") or getattr(request, "id", None)
        note(name.removeprefix("task_"), id or given["sender"].request.id)


for name in ("received", "prerun", "postrun", "success", "failure", "retry", "revoked"):
    listen(f"task_{name}")


class Noting(Request):
    """A class of requests as Celery's page on tasks shows one."""

    def on_accepted(self, pid: int, time_accepted: float) -> None:
        note("Request.on_accepted", self.id)
        super().on_accepted(pid, time_accepted)

    def on_failure(self, exc_info: Any, *more: Any, **given: Any) -> Any:
        note("Request.on_failure", self.id)
        return super().on_failure(exc_info, *more, **given)


class Watched(Task):
    """A task that leaves a line for each of its hooks."""

    Request = Noting

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        note("__call__", self.request.id)
        return super().__call__(*args, **kwargs)

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        note("before_start", task_id)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        note("on_success", task_id)

    def on_failure(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("on_failure", task_id)

    def on_retry(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("on_retry", task_id)

    def after_return(
        self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any
    ) -> None:
        note(f"after_return {status}", task_id)


@app.task(bind=True, base=Watched)
def succeed(self: Task, *numbers: int, word: str = "none") -> dict[str, Any]:
    """Shows its request."""
    request = self.request
    shown = (
        *("id", "root_id", "parent_id", "correlation_id", "hostname", "retries", "task"),
        *("args", "kwargs", "delivery_info", "littleflow", "is_eager", "called_directly"),
        "timelimit",
    )
    return {name: getattr(request, name) for name in shown}


@app.task(base=Watched)
def fail() -> None:
    raise ValueError("no")


@app.task(bind=True, base=Watched, max_retries=3)
def retry(self: Task) -> int:
    """Is retried once."""
    if not self.request.retries:
        raise self.retry(exc=OSError("busy"), countdown=0)
    return int(self.request.retries)


@app.task(base=Watched, rate_limit="2/s")
def limited() -> float:
    """The time at which it ran."""
    return time.time()


@app.task(base=Watched)
def free() -> float:
    """The same, without a limit of its own."""
    return time.time()


@app.task(bind=True)
def wait(self: Task, line: str) -> str:
    """Waits until the ledger has a line."""
    note("waits", self.request.id)
    while line not in Path(os.environ["LEDGER"]).read_text().splitlines():
        time.sleep(0.02)
    return line


@app.task(base=Watched, soft_time_limit=0.2)
def soft(seconds: float) -> str:
    time.sleep(seconds)
    return "late"


@app.task(base=Watched, time_limit=0.2)
def hard(seconds: float) -> str:
    time.sleep(seconds)
    return "late"


@app.task
def short() -> None:
    return None
