"""Tasks whose classes de-duplicate, of the three libraries that people have, and of no library."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery, Task, chain
from celery_heimdall import HeimdallTask
from celery_once import QueueOnce
from celery_singleton import Singleton
from endings import wait_for

app = Celery("single")
# These libraries look for a server in the settings alone.
app.conf.result_backend = os.environ.get("CELERY_RESULT_BACKEND")
app.conf.ONCE = {
    "backend": "celery_once.backends.Redis",
    "settings": {"url": app.conf.result_backend, "default_timeout": 60},
}


def work(gate: str, line: str = "") -> str:
    """Waits for the gate, and leaves a line beside it for each time that it ran."""
    with Path(f"{gate}.ran").open("a") as ran:
        ran.write(f"{line}\n")
    wait_for(gate)
    if line == "bad":
        raise ValueError("no such thing")
    return f"done {line}"


@app.task(base=Singleton, lock_expiry=60)
def singleton(gate: str, line: str = "") -> str:
    return work(gate, line)


@app.task(base=Singleton, lock_expiry=60, raise_on_duplicate=True)
def strict_singleton(gate: str, line: str = "") -> str:
    return work(gate, line)


@app.task(base=QueueOnce)
def once(gate: str, line: str = "") -> str:
    return work(gate, line)


@app.task(base=QueueOnce, once={"graceful": True})
def graceful_once(gate: str, line: str = "") -> str:
    return work(gate, line)


@app.task(base=HeimdallTask, heimdall={"unique": True, "unique_lock_blocking": False})
def heimdall(gate: str, line: str = "") -> str:
    return work(gate, line)


@app.task(
    base=HeimdallTask,
    heimdall={"unique": True, "unique_raises": True, "unique_lock_blocking": False},
)
def strict_heimdall(gate: str, line: str = "") -> str:
    return work(gate, line)


class Mute(Task):  # type: ignore[misc]
    """Sends, and answers nothing, as pretix does to wait for the end of a transaction."""

    def apply_async(self, *args: Any, **options: Any) -> None:
        super().apply_async(*args, **options)


class Idle(Task):  # type: ignore[misc]
    """Sends nothing, and answers nothing."""

    def apply_async(self, *args: Any, **options: Any) -> None:
        pass


class Renaming(Task):  # type: ignore[misc]
    """Sends under an id of its own, and answers with it, or not."""

    answers = True

    def apply_async(self, *args: Any, task_id: str, **options: Any) -> Any:
        sent = super().apply_async(*args, **options)
        return sent if self.answers else None


class Eager(Task):  # type: ignore[misc]
    """Runs at once."""

    def apply_async(self, args: Any, kwargs: Any, *, task_id: str, **_: Any) -> Any:
        return self.apply(args, kwargs, task_id=task_id)


class Chained(Task):  # type: ignore[misc]
    """Sends others."""

    def apply_async(self, args: Any, kwargs: Any, **_: Any) -> Any:
        twice = self.app.tasks["single.doubled"]
        return chain(twice.s(*args), twice.s()).apply_async()


class Odd:
    """Runs code when it is looked at."""

    @property
    def id(self) -> str:
        raise RuntimeError("no id")


class Speechless(Exception):
    def __str__(self) -> str:
        raise ValueError("nothing to say")

    __repr__ = __str__


class Answering(Task):  # type: ignore[misc]
    """Answers with what cannot be looked at."""

    def apply_async(self, *args: Any, **_: Any) -> Any:
        return Odd()


class Raising(Task):  # type: ignore[misc]
    def apply_async(self, *args: Any, **_: Any) -> Any:
        raise Speechless


@app.task
def doubled(number: int) -> int:
    return 2 * number


def half(number: int) -> float:
    return 12 / number


for name, base, more in (
    ("mute", Mute, {}),
    ("idle", Idle, {}),
    ("renaming", Renaming, {}),
    ("renaming-mute", Renaming, {"answers": False}),
    ("eager", Eager, {}),
    ("chained", Chained, {}),
    ("answering", Answering, {}),
    ("raising", Raising, {}),
):
    app.task(half, base=base, name=name, **more)
