"""Kinds of changes in a workflow's trace, and the state that follows from each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from .states import StepState


class TraceKind(StrEnum):
    """A change of a step. A change of the workflow itself is named by its new state."""

    #: Its tokens are there; Python decides how it fires.
    READY = "ready"
    #: An attempt was opened.
    QUEUE = "queue"
    #: Its start-task was lost and written again.
    REEMIT = "reemit"
    #: A bridge recorded it, to publish it.
    PUBLISH = "publish"
    #: A worker started it.
    TAKE = "take"
    #: Its Celery worker tries it again.
    CELERY_RETRY = "celery-retry"
    #: Its queue lost it: a new attempt follows.
    REQUEUE = "requeue"
    #: It failed; another attempt follows after a delay.
    RETRY = "retry"
    #: It waits for a time, an event or a latch.
    WAIT = "wait"
    #: An iteration began over its items.
    ITEMS = "items"
    #: It ended with an output.
    END = "end"
    #: It failed, and its failure is its output.
    CONTINUE = "continue"
    #: It is no task: its input is its output.
    PASS = "pass"  # noqa: S105 -- no password
    #: No guard matched: its input is its output.
    SKIP = "skip"
    FAIL = "fail"
    CANCEL = "cancel"
    #: Versions before 1.0 wrote this instead of ``cancel`` for a ready step.
    HOLD = "hold"
    #: A restart forgot that it ran.
    RESET = "reset"
    #: An end came after its attempt was closed, and was not applied.
    LATE = "late"


#: The changes by which an attempt is closed.
CLOSING_KINDS = (
    TraceKind.END,
    TraceKind.CONTINUE,
    TraceKind.FAIL,
    TraceKind.RETRY,
    TraceKind.REQUEUE,
    TraceKind.CANCEL,
)

#: The state of the step after each change; those that leave it as it was are left out.
STATE_AFTER: Mapping[str, StepState] = {
    TraceKind.READY: StepState.READY,
    TraceKind.QUEUE: StepState.QUEUED,
    TraceKind.REQUEUE: StepState.QUEUED,
    TraceKind.TAKE: StepState.RUNNING,
    TraceKind.ITEMS: StepState.RUNNING,
    TraceKind.WAIT: StepState.WAITING,
    TraceKind.RETRY: StepState.RETRYING,
    TraceKind.END: StepState.ENDED,
    TraceKind.CONTINUE: StepState.ENDED,
    TraceKind.PASS: StepState.ENDED,
    TraceKind.SKIP: StepState.SKIPPED,
    TraceKind.FAIL: StepState.FAILED,
    TraceKind.CANCEL: StepState.CANCELLED,
    TraceKind.HOLD: StepState.IDLE,
    TraceKind.RESET: StepState.IDLE,
}
