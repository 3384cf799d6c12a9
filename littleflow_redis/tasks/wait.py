"""`wait:…`: durable waits. Their state is in Redis; nothing waits in a process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from littleflow_redis.engine.messages import StartTask, end_fields
from littleflow_redis.engine.times import LATEST
from littleflow_redis.language import BadOption, seconds

from .event import event
from .latch import LATCHES, latch
from .later import later
from .todo import Sleep, Todo


def wait(task: StartTask) -> Todo:
    """Take up a `wait:…` task. Bad parameters fail the step, finally, and say what is expected."""
    if task.base in LATCHES:
        return latch(task)
    if task.base == "wait:event":
        return event(task)
    if task.base != "wait:delay":
        return later(task)
    try:
        return delay(task.parameters)
    except (BadOption, ValueError) as error:
        return end_fields(task, reason=f"wait:delay {error}", final=True)


def delay(parameters: object) -> Sleep:
    """Read the parameters of `wait:delay`. Raises BadOption or ValueError with a sentence."""
    given = parameters if isinstance(parameters, Mapping) else {}
    if len(given.keys() & {"duration", "until"}) != 1 or len(given) != 1:
        raise ValueError(
            "needs one of duration (seconds, or text such as 1h30m) and until (an ISO 8601 time)"
        )
    if "duration" in given:
        return Sleep(ms=round(seconds(given["duration"]) * 1000))
    return Sleep(until=_time(given["until"]))


def _time(text: object) -> int:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(
            f"until: {str(text)[:60]!r} is no ISO 8601 time such as 2030-01-31T08:00:00+00:00"
        ) from None
    # A time without a zone is UTC, as every time that we print.
    ms = round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    if ms > LATEST:
        # In another zone it may be: nobody could read when it is due.
        raise ValueError(f"until: {str(text)[:60]!r} is after the year 9999 in UTC")
    return ms
