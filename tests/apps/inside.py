"""Tasks for a Celery worker that serves steps itself: every way in which a task can be over."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from celery import Celery, Task, signals
from celery.exceptions import Ignore, Reject

app = Celery("inside")
app.conf.task_routes = {"inside.apart": {"queue": "apart"}}
app.conf.task_create_missing_queues = True
app.conf.worker_pool_restarts = True
if visibility := os.environ.get("VISIBILITY"):
    app.conf.broker_transport_options = {"visibility_timeout": float(visibility)}
app.conf.littleflow = {
    "lifetime": float(os.environ.get("LIFETIME", "8")),
    "serve": os.environ["SERVE"].split(",") if "SERVE" in os.environ else [],
    "prefetch": int(os.environ["PREFETCH"]) if "PREFETCH" in os.environ else None,
    "terminate_signal": os.environ.get("TERMINATE_SIGNAL"),
}


class Refused(ValueError):
    """An exception of the user's own."""


@signals.before_task_publish.connect
def add_tenant(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None:
        headers["tenant"] = "blue"


def note(line: str) -> None:
    with Path(os.environ["LEDGER"]).open("a") as ledger:
        ledger.write(f"{line}\n")


def wait_for(line: str, times: int = 1) -> None:
    while Path(os.environ["LEDGER"]).read_text().split().count(line) < times:
        time.sleep(0.02)


@app.task
def add(x: float, y: float = 1) -> float:
    return x + y


@app.task
def nothing(*_: Any) -> None:
    return None


@app.task
def refuse(x: Any) -> None:
    raise Refused(x, "no")


@app.task(bind=True, max_retries=5)
def persist(self: Task, x: int) -> list[int]:
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return [x, self.request.retries]


@app.task
def ignore(*_: Any) -> None:
    raise Ignore


@app.task
def reject(*_: Any) -> None:
    raise Reject("no", requeue=False)


@app.task
def again(name: str) -> str:
    """Rejects itself once, to be delivered again."""
    seen = Path(os.environ["LEDGER"]).with_name(f"seen-{name}")
    if not seen.exists():
        seen.touch()
        raise Reject("later", requeue=True)
    return name


@app.task
def unencodable() -> object:
    return object()


@app.task
def leave(*_: Any) -> None:
    raise SystemExit(3)


@app.task
def large(size: int) -> str:
    return "x" * size


@app.task(bind=True)
def about(self: Task) -> dict[str, Any]:
    request = self.request
    return {
        "id": request.id,
        "queue": request.delivery_info["routing_key"],
        "attempt": request.littleflow,
        "tenant": request.tenant,
        "retries": request.retries,
    }


class Sending(Task):
    """Sends its tasks itself, with a mark; refuses those without arguments."""

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        if not args:
            raise Refused("nothing to send")
        headers = {**options.pop("headers", {}), "sent_by": "itself"}
        return super().apply_async(args, kwargs, headers=headers, **options)


@app.task(bind=True, base=Sending)
def sending(self: Task, *_: Any) -> str:
    return str(self.request.sent_by)


@app.task(bind=True)
def replaced(self: Task, line: str) -> None:
    raise self.replace(mark.s(line))


@app.task
def returned(line: str) -> Any:
    return add.delay(1)


@app.task(bind=True, base=type("Instead", (Task,), {"apply_async": lambda *_, **__: add.delay(1)}))
def instead(self: Task, *_: Any) -> None: ...


@app.task
def apart(*_: Any) -> str:
    return "apart"


@app.task(soft_time_limit=0.2)
def soft(*_: Any) -> None:
    time.sleep(30)


@app.task(time_limit=0.4)
def hard(*_: Any) -> None:
    time.sleep(30)


@app.task
def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@app.task
def fall(line: str) -> None:
    """Leaves a line, and takes its process with it."""
    note(line)
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(acks_late=True, reject_on_worker_lost=True)
def fall_late(line: str) -> None:
    """The same; a broker would deliver it again."""
    fall.run(line)


@app.task(retry_on_worker_lost=True)
def fall_again(line: str) -> None:
    """The same; Celery itself would send it again."""
    fall.run(line)


@app.task(bind=True, acks_late=True, reject_on_worker_lost=True, max_retries=5)
def fall_later(self: Task, line: str) -> None:
    """The same at the second try, which a message of the broker has brought."""
    if not self.request.retries:
        raise self.retry(countdown=0)
    fall.run(line)


@app.task
def mark(line: Any, seconds: float = 0.02) -> Any:
    """Takes its time, then leaves a line."""
    time.sleep(seconds)
    note(f"{line}")
    return line


@app.task
def place(seconds: float) -> None:
    """Takes its time, then says where."""
    time.sleep(seconds)
    note(f"at-{os.getpid()}")


@app.task(bind=True, max_retries=5)
def retried(self: Task, line: str, seconds: float = 0.5) -> str:
    """Leaves its line at the second try, when it has taken its time."""
    if not self.request.retries:
        raise self.retry(countdown=0)
    note(f"{line}-began")
    time.sleep(seconds)
    note(line)
    return line


@app.task(bind=True)
def later(self: Task, line: str) -> None:
    """Leaves its line at the second try, in two seconds."""
    if not self.request.retries:
        raise self.retry(countdown=2)
    note(line)


@app.task(bind=True, max_retries=5)
def postponed(self: Task, seconds: float) -> int:
    """Leaves a line when it runs again, after so many seconds."""
    if not self.request.retries:
        raise self.retry(countdown=seconds)
    note("again")
    return int(self.request.retries)


@app.task
def linger(line: str, lines: int = 1) -> str:
    """Ends when so many lines say ``go-``, and its own line."""
    note(f"{line}-began")
    wait_for(f"go-{line}", lines)
    return line


@app.task(bind=True)
def report(self: Task, line: str, times: int = 1) -> int:
    """Reports its progress so often, once it may."""
    note(f"{line}-began")
    wait_for(f"go-{line}")
    for number in range(times):
        self.update_state(state="LOADING", meta={"done": number + 1, "of": times})
    note(f"{line}-reported")
    wait_for(f"end-{line}")
    return os.getpid()


@app.task
def hold(line: str, seconds: float) -> str:
    """Computes without letting other threads of its process run."""
    note(line)
    began = time.monotonic()
    sum(range(10_000_000))
    # One call in C, which keeps the interpreter's lock all the time.
    sum(range(round(10_000_000 * seconds / (time.monotonic() - began))))
    return line
