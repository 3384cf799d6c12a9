"""Kinds of waits."""

from __future__ import annotations

from enum import StrEnum


class WaitKind(StrEnum):
    """The kind of a wait.

    It ends with an event, the zero of a latch, a time, a process that serves the category, a
    lifecycle worker, or the end of a running task.
    """

    EVENT = "event"
    LATCH = "latch"
    TIMER = "timer"
    CATEGORY = "category"
    WORKER = "worker"
    TASK = "task"
