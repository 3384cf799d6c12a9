"""`wait:delay`: wait for a time."""

from __future__ import annotations

from dataclasses import dataclass

from littleflow_redis.language.delays import DELAY, read_delay

from ..model.task_events import StartTask
from .builtin import BuiltinAttempt, BuiltinTask


@dataclass(frozen=True, slots=True)
class Delay:
    """A wait of ``ms``, or ``until`` a time in ms since 1970."""

    ms: int | None
    until: int


class DelayTask(BuiltinTask[Delay]):
    """Ends with its input as output when the time has come."""

    name = DELAY

    def read(self, task: StartTask) -> Delay:
        return Delay(*read_delay(task.parameters))

    def begin(self, attempt: BuiltinAttempt, request: Delay) -> None:
        attempt.run(
            attempt.transitions.wait_delay(
                attempt.task, attempt.group, ms=request.ms, until=request.until
            )
        )
