"""Several apps and workers in one process, of which some serve steps; run as a program.

It ends when its input does.
"""

from __future__ import annotations

import sys
import threading

from celery import Celery, Task
from celery.worker import WorkController


def make(name: str, current: bool, include: list[str]) -> Celery:
    app = Celery(name, broker="memory://", include=include, set_as_current=current)

    @app.task(bind=True, name=f"{name}.who")
    def who(self: Task, *_: object) -> str:
        self.update_state(state="ASKING")
        return str(self.app.main)

    return app


def run() -> None:
    steps = ["littleflow_redis.steps"]
    apps = [make("one", False, steps), make("two", False, steps), make("none", True, [])]
    workers = [
        WorkController(app=app, pool=pool, concurrency=2, hostname=f"{app.main}-{pool}@here")
        for app, pool in [*((app, "threads") for app in apps), (apps[0], "solo")]
    ]
    threads = [threading.Thread(target=worker.start) for worker in workers]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ends = [threading.Thread(target=worker.stop) for worker in workers]
    for end in ends:
        end.start()
    for thread in (*threads, *ends):
        thread.join()
    print("stopped", flush=True)


if __name__ == "__main__":
    run()
