"""`wait:…`: durable waits. Their state is in Redis; nothing waits in a process."""

from __future__ import annotations

from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.language import BadOption
from littleflow_redis.language.delays import DELAY, read_delay

from .actions import Sleep, Todo
from .event import event
from .latch import LATCHES, latch
from .not_implemented import later


def wait(task: StartTask) -> Todo:
    """Take up a `wait:…` task. Bad parameters fail the step, finally, and say what is expected."""
    if task.base in LATCHES:
        return latch(task)
    if task.base == "wait:event":
        return event(task)
    if task.base != DELAY:
        return later(task)
    try:
        ms, until = read_delay(task.parameters)
    except BadOption as error:
        return end_fields(task, reason=f"wait:delay {error}", final=True)
    return Sleep(ms=ms, until=until)
