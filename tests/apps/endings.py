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


@app.task(bind=True)
def replaced_twice(self: Task, again: bool = False) -> Any:
    """Replaces itself by itself, and that by a task that Celery retries."""
    raise self.replace(retries.s() if again else self.s(again=True))


@app.task(bind=True)
def retries(self: Task) -> int:
    if not self.request.retries:
        raise self.retry(countdown=0)
    return int(self.request.retries)


@app.task(bind=True)
def retried_then_replaced(self: Task) -> Any:
    if not self.request.retries:
        raise self.retry(countdown=0)
    raise self.replace(add.s(2, 3))


@app.task(bind=True)
def replaced_by_its_own_request(self: Task, times: int) -> Any:
    """The message of the other has all that its own had."""
    if not times:
        return "replaced"
    signature = self.signature_from_request(args=(), kwargs={"times": times - 1})
    del signature.options["chord"]
    raise self.replace(signature)


@app.task(bind=True)
def hands_its_headers_on(self: Task) -> Any:
    names = ("littleflow", "littleflow_held")
    return add.apply_async((2, 3), headers={name: self.request.get(name) for name in names})


@app.task(ignore_result=True)
def silent(x: float) -> float:
    return x + 1


@app.task(bind=True, ignore_result=True)
def silent_replaced(self: Task, how: str) -> Any:
    silently = chain(silent.s(1), silent.s())
    raise self.replace({"task": silent.s(1), "chain": silently}[how])


@app.task(ignore_result=True)
def silent_returned(how: str) -> Any:
    return canvas(how).apply_async()


@app.task(bind=True)
def replaced_in_vain(self: Task) -> Any:
    """Catches what Celery raises, and has a value all the same."""
    try:
        self.replace(add.s(2, 3))
    except Ignore:
        return "its own"


@app.task
def returns_a_signature() -> Any:
    return add.s(2, 3)


@app.task
def returns_what_others_started() -> Any:
    return add.AsyncResult("somebody-s")


class Instead(Task):
    """Answers with another task than the one that is asked for."""

    def apply_async(self, *_: Any, **__: Any) -> Any:
        return add.delay(2, 3)


@app.task(base=Instead)
def instead() -> None: ...


@app.task(bind=True)
def replaced_apart(self: Task, gate: str) -> Any:
    """By a task whose queue no worker consumes unless it is told to."""
    raise self.replace(telling.s(gate).set(queue="apart"))


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
