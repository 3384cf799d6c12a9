"""Tasks that hold a lock from their sending to their end: of celery-once, and of no library."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import redis
from celery import Celery, Task
from celery_once import QueueOnce

app = Celery("locked")
app.conf.littleflow = {"lifetime": float(os.environ.get("LIFETIME", "8"))}
app.conf.ONCE = {
    "backend": "celery_once.backends.Redis",
    "settings": {"url": os.environ["CELERY_BROKER_URL"], "default_timeout": 600},
}


class AlreadyQueued(Exception):
    """The same task is queued or runs."""


class Locked(Task):
    """Takes a lock when it is sent, and gives it back when it has run."""

    @property
    def lock(self) -> redis.Redis:
        return redis.Redis.from_url(os.environ["CELERY_BROKER_URL"])

    def apply_async(self, args: Any = (), kwargs: Any = None, **options: Any) -> Any:
        # The broker may lose with its receiver what a worker was about to receive.
        seconds = 5 if args[0] == "fall" else 600
        with self.lock as lock:
            free = lock.set(f"lock-{self.name}-{args[0]}", "1", nx=True, ex=seconds)
        if not (free or options.get("retries")):
            raise AlreadyQueued(args[0])
        sent = super().apply_async(args, kwargs, **options)
        if (
            args[0] == "fall"
            and not (mark := Path(os.environ["LEDGER"]).with_name("fell")).exists()
        ):
            # Sent, and nobody knows.
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return sent

    def after_return(self, status: Any, value: Any, id: Any, args: Any, *_: Any) -> None:
        with self.lock as lock:
            lock.delete(f"lock-{self.name}-{args[0]}")


def work(self: Task, line: str) -> str:
    """Leaves a line, and ends when another says so."""
    file = Path(os.environ["LEDGER"])
    with file.open("a") as ledger:
        ledger.write(f"{self.name}-{line}\n")
    while f"go-{line}" not in file.read_text().split():
        time.sleep(0.01)
    if line == "bad":
        raise ValueError(line)
    if line == "again" and not self.request.retries:
        raise self.retry(countdown=0)
    return line


app.task(work, bind=True, base=Locked, name="locked.lock")
app.task(work, bind=True, base=QueueOnce, name="locked.once")
