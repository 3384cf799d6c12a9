"""Tasks with large values, for a Celery worker and, as a program, for a native listener."""

from __future__ import annotations

from celery import Celery

from littleflow_redis import TaskListener

app = Celery("heavy")


@app.task
def measure(text: str) -> int:
    return len(text)


@app.task
def make(size: int) -> str:
    return "x" * size


if __name__ == "__main__":
    listener = TaskListener("heavy")
    listener.task("measure")(len)
    listener.run()
