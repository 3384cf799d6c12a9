"""The documented import path of :mod:`littleflow_redis.tasks.task_context`."""

from __future__ import annotations

from .task_context import (
    current_task,
)

__all__ = [
    "current_task",
]
