"""Tasks that end in all the ways that Celery has."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from celery import Celery, Task, chain, chord, group
from celery.exceptions import Ignore, Reject

app = Celery("endings")


def wait_for(gate: str) -> None:
    """Wait until the test has made this file; no test takes two minutes for that."""
    until = time.monotonic() + 120
    while not Path(gate).exists() and time.monotonic() < until:
        time.sleep(0.01)


@app.task
def add(x: float, y: float = 1) -> float:
    return x + y


@app.task
def total(numbers: list[float]) -> float:
    return sum(numbers)


@app.task
def fail(*_: Any) -> None:
    raise ValueError("no such thing")


@app.task(bind=True)
def stubborn(self: Task, times: int, gate: str) -> int:
    """Succeeds at the try after so many; each retry waits for the gate with its number."""
    if self.request.retries:
        wait_for(f"{gate}{self.request.retries}")
    if self.request.retries < times:
        raise self.retry(exc=OSError("busy"), countdown=0, max_retries=None)
    return int(self.request.retries)


@app.task(bind=True)
def weary(self: Task) -> None:
    """Gives up after one retry."""
    raise self.retry(exc=OSError("busy"), countdown=0, max_retries=1)


@app.task(bind=True)
def telling(self: Task, gate: str) -> str:
    self.update_state(state="PROGRESS", meta={"done": 1, "of": 2})
    wait_for(gate)
    return "done"


@app.task
def ignore() -> None:
    raise Ignore


@app.task(bind=True)
def ignore_with_a_state(self: Task) -> None:
    self.update_state(state="SUCCESS", meta="what it stored itself")
    raise Ignore


@app.task(acks_late=True)
def reject() -> None:
    raise Reject("unreadable", requeue=False)


@app.task(bind=True, acks_late=True)
def reject_once(self: Task) -> str:
    """Goes back into the queue; the broker marks what it delivers again."""
    if not self.request.delivery_info.get("redelivered"):
        raise Reject("try again", requeue=True)
    return "second time"


@app.task(bind=True)
def replaced(self: Task, how: str) -> Any:
    raise self.replace(canvas(how))


@app.task
def returned(how: str) -> Any:
    return canvas(how).apply_async()


@app.task
def returned_twice(how: str) -> Any:
    return returned.delay(how)


@app.task
def starts_slow(gate: str) -> Any:
    return telling.delay(gate)


@app.task
def starts_slow_chain(gate: str) -> Any:
    return chain(telling.si(gate), add.si(1), add.si(2)).apply_async()


@app.task
def forgets() -> str:
    """Starts something and does not return it."""
    add.delay(1)
    return "done"


def canvas(how: str) -> Any:
    return {
        "task": add.s(2, 3),
        "chain": chain(add.s(1), add.s(2), add.s(3)),
        "group": group(add.s(1), add.s(2), add.s(3)),
        "chord": chord([add.s(1), add.s(2)], total.s()),
        "chain with a group": chain(add.s(1), group(add.s(2), add.s(3))),
        "broken chain": chain(add.s(1), fail.s(), add.s(3)),
        "broken group": group(add.s(1), fail.s()),
        "broken chord": chord([add.s(1), fail.s()], total.s()),
    }[how]
