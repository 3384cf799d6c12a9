"""Adds the steps to a Celery worker that is being made."""

from __future__ import annotations

from typing import Any


def install(worker: Any) -> None:
    """Have this worker serve steps; to be called before its blueprint is built."""
    from .bootsteps import Connect, ServeSteps

    worker.app.steps["worker"].add(ServeSteps)
    worker.app.steps["consumer"].add(Connect)
