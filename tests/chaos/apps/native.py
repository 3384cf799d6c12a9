"""The native side: a TaskListener that serves ``n:…``."""

from __future__ import annotations

import logging
from typing import Any

from littleflow_redis import TaskListener, current_task
from tests.chaos.ledger import Ledger
from tests.chaos.work import TASKS, Noted

#: More deaths than the schedule has kills: here nobody is given up.
listener = TaskListener("n", concurrency=4, max_deaths=1000)


def _serve(name: str) -> None:
    def run(*args: Any, **kwargs: Any) -> Any:
        task = current_task()
        noted = Noted(Ledger.of_environment(), task.workflow, task.index, task.token)
        return noted.run(name, *args, **kwargs)

    listener.task(name)(run)


for task in TASKS:
    _serve(task)


if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(asctime)s %(message)s")
    listener.run()
