"""Kinds of events that the engine itself writes and reads; all others are users' events."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """The value of an event's field ``kind``."""

    START_TASK = "start-task"
    END_TASK = "end-task"
    RECEIPT = "receipt"
    START_WORKFLOW = "start-workflow"
    END_WORKFLOW = "end-workflow"
    FAILED_WORKFLOW = "failed-workflow"
    TERMINATED_WORKFLOW = "terminated-workflow"
    COUNTDOWN_LATCH_ZERO = "countdown-latch-zero"
