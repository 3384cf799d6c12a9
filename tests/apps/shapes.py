"""Tasks of the shapes that Celery's own integration tests run, written anew."""

from __future__ import annotations

import logging
import time
from typing import Any, ClassVar

from celery import Celery, Task, chain, chord, group
from celery.exceptions import Reject, SoftTimeLimitExceeded
from pydantic import BaseModel

app = Celery("shapes")
app.conf.task_acks_late = False


class Expected(Exception):
    """An exception of the user's own."""


class Unpickleable(Exception):
    """Cannot be made again of its arguments alone."""

    def __init__(self, first: str, second: str | None = None) -> None:
        if second is None:
            raise TypeError("second must be given")
        super().__init__(first)


class Pair(BaseModel):
    x: int
    y: int


class Sum(BaseModel):
    result: int


@app.task
def identity(x: Any) -> Any:
    return x


@app.task
def add(x: Any, y: Any, z: Any = None) -> Any:
    return x + y if z is None else x + y + z


@app.task(typing=False)
def add_loosely(x: Any, y: Any) -> Any:
    return x + y


@app.task(ignore_result=True)
def add_ignored(x: Any, y: Any) -> Any:
    return x + y


@app.task
def starts_chain(x: Any, y: Any) -> None:
    chain(add.s(x, x), add.s(y)).apply_async()


@app.task
def starts_chord(x: Any, y: Any) -> None:
    chord([add.s(x, x), add.s(y, y)], total.s()).apply_async()


@app.task
def total(numbers: list[Any]) -> Any:
    return sum(numbers)


@app.task
def total_of_all(nested: list[Any]) -> Any:
    return sum(sum(each) if isinstance(each, list) else each for each in nested)


@app.task
def slow_total(numbers: list[Any], pause: float = 0.01) -> Any:
    time.sleep(pause)
    return sum(numbers)


@app.task(soft_time_limit=0.3)
def guarded_total(numbers: list[Any], pause: float = 1) -> Any:
    try:
        until = time.monotonic() + pause
        while time.monotonic() < until:
            time.sleep(0.05)
        return sum(numbers)
    except SoftTimeLimitExceeded:
        return "cut short"


@app.task
def raises(*args: Any) -> None:
    raise ValueError("deliberate error")


@app.task
def fails(*args: Any) -> None:
    raise Expected(*args)


@app.task
def fails_unpickleable(first: str, second: str) -> None:
    raise Unpickleable(first, second)


@app.task(bind=True)
def replaced(self: Task, x: Any, y: Any) -> Any:
    raise self.replace(add.s(x, y))


@app.task(bind=True)
def replaced_by_chain(self: Task, *args: Any) -> Any:
    raise self.replace(chain(identity.s(args), total.s()))


@app.task(bind=True)
def replaced_by_broken_chain(self: Task, *args: Any) -> Any:
    raise self.replace(chain(identity.s(args), raises.s()))


@app.task(bind=True)
def replaced_by_nothing(self: Task, *_: Any) -> Any:
    raise self.replace(chain())


@app.task(bind=True)
def replaced_by_group(self: Task, numbers: list[Any], more: Any) -> Any:
    raise self.replace(group(add.s(number, more) for number in numbers))


@app.task(bind=True)
def replaced_by_chord(self: Task, numbers: list[Any], more: Any) -> Any:
    raise self.replace(chord([add.s(number, more) for number in numbers], total.s()))


@app.task(bind=True)
def replaced_by_failure(self: Task, *args: Any) -> Any:
    raise self.replace(fails.si(*args))


@app.task(bind=True)
def replaced_twice(self: Task, again: bool = False) -> Any:
    raise self.replace(identity.s("end") if again else replaced_twice.s(True))


@app.task
def prints(log_message: str = "håå®ƒ", print_message: str = "hiöäüß") -> None:
    logging.getLogger(__name__).warning(log_message)
    print(print_message)


@app.task
def sleeps(seconds: float, **_: Any) -> None:
    time.sleep(seconds)


@app.task(bind=True)
def ids(self: Task, i: Any) -> Any:
    return self.request.root_id == self.request.id, self.request.parent_id, i


@app.task(bind=True)
def collects_ids(self: Task, before: Any, i: Any) -> Any:
    return before, (self.request.parent_id, i)


@app.task(bind=True, default_retry_delay=0.05)
def tries_again(self: Task, value: Any = None) -> Any:
    if self.request.retries == 0:
        raise self.retry(exc=Expected("first"), countdown=0.05)
    return value


@app.task(bind=True, max_retries=1, expires=120.0)
def gives_up(self: Task, *args: Any, countdown: float = 0.05) -> Any:
    raise self.retry(exc=Expected("last"), countdown=countdown, max_retries=1)


@app.task(bind=True)
def gives_up_unpickleable(self: Task, first: str, second: str, *, retry: Any) -> Any:
    raise self.retry(exc=Unpickleable(first, second), **retry)


class ByClass(Task):
    """A task as a class, tried again by itself."""

    name = "shapes.by_class"
    autoretry_for = (ValueError,)
    retry_kwargs: ClassVar = {"max_retries": 1}
    retry_backoff = False
    default_retry_delay = 0.05

    def run(self, value: Any = "ran") -> Any:
        if self.request.retries == 0:
            raise ValueError("first")
        return value


app.register_task(ByClass())


@app.task
def nested_signature() -> Any:
    return chain(chain(add.s(1, 1), add.s(2)), add.s(3))


@app.task(pydantic=True)
def add_model(data: Pair) -> Sum:
    return Sum(result=data.x + data.y)


@app.task(pydantic=True)
def add_annotated(data: "Pair") -> "Sum":  # noqa: UP037 - a text, as some write it
    return Sum(result=data.x + data.y)


@app.task(bind=True, acks_late=True)
def rejected_first(self: Task) -> Any:
    if not self.request.delivery_info.get("redelivered"):
        raise Reject("not now", requeue=True)
    return "ran"


@app.task(bind=True, acks_late=True)
def stored_then_rejected(self: Task) -> Any:
    if not self.request.delivery_info.get("redelivered"):
        self.update_state(state="SUCCESS", meta="stored")
        raise Reject("again", requeue=True)
    return "ran"


@app.task
def rejected() -> None:
    raise Reject("rejected", requeue=False)


@app.task(soft_time_limit=2, time_limit=1)
def limits_that_cannot_be() -> None: ...


@app.task(bind=True, time_limit=60, soft_time_limit=45)
def declared_limits(self: Task) -> Any:
    return list(self.request.timelimit)
