"""The Celery side of chaos: an ordinary app, with the settings that docs/guarantees.md advises."""

from __future__ import annotations

from typing import Any

from celery import Celery, Task

from tests.chaos.ledger import Ledger
from tests.chaos.work import TASKS, Noted

app = Celery("c")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    result_backend_always_retry=True,
    result_backend_max_retries=20,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=1,
    # What a killed worker had is given to another after this time (seconds).
    broker_transport_options={"visibility_timeout": 5, "socket_timeout": 5},
    redis_socket_timeout=5,
    redis_retry_on_timeout=True,
    # Of a worker that serves steps itself: what it holds is taken over after that many seconds.
    littleflow={"lifetime": 3.0},
)


def _serve(name: str) -> None:
    def run(self: Task, *args: Any, **kwargs: Any) -> Any:
        about = self.request.littleflow
        noted = Noted(Ledger.of_environment(), about["workflow"], about["index"], about["token"])
        if name == "again" and noted.first():
            raise self.retry(countdown=0.2, max_retries=None)
        return noted.run(name, *args, **kwargs)

    app.task(run, bind=True, name=f"c.{name}")


for task in TASKS:
    _serve(task)
