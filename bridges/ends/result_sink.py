"""How the ends of tasks reach the engine: as end-task events, or applied by this process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from littleflow_redis.engine.model.task_events import (
    MAX_REASON,
    EndTask,
    StartTask,
    encode_success,
    end_fields,
    end_task,
)
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.event_codec import encode, message, sendable
from littleflow_redis.workers.applying import Applying

from .task_error import TaskError
from .task_result import TaskResult

#: A task that has ended, with its result.
EndedTask = tuple[StartTask, TaskResult]


class ResultSink(Protocol):
    """Reports ends to the engine; one thread uses it."""

    def report(self, ended: Iterable[EndedTask]) -> None:
        """Report these in one round trip. Raises RedisError: then any of them may be reported."""

    def timeout(self, block: float) -> float:
        """Seconds to wait for results, ``block`` at most."""

    def run_once(self) -> None:
        """Do the other work that is due."""


class EventSink:
    """Writes ends to the stream, where any lifecycle worker reads them."""

    def __init__(self, engine: EngineContext) -> None:
        self._engine = engine

    def report(self, ended: Iterable[EndedTask]) -> None:
        with self._engine.redis.pipeline(transaction=False) as pipe:
            for task, result in ended:
                pipe.xadd(self._engine.keys.events, cast("Any", result_fields(task, result)))
            pipe.execute()

    def timeout(self, block: float) -> float:
        return block

    def run_once(self) -> None:
        pass


class ScriptSink:
    """Applies ends at once; an end that this process cannot apply goes into the stream."""

    def __init__(self, engine: EngineContext, applying: Applying) -> None:
        self._applying = applying
        self._events = EventSink(engine)

    def report(self, ended: Iterable[EndedTask]) -> None:
        ends = list(ended)
        left = self._applying.apply([end_task_of(*one) for one in ends])
        if left:
            self._events.report(ends[place] for place in left)

    def timeout(self, block: float) -> float:
        return self._applying.following.patience(block)

    def run_once(self) -> None:
        self._applying.turn()


def end_task_of(task: StartTask, result: TaskResult) -> EndTask:
    """The end that a result means, as if it had been read from an event."""
    if result.error is None:
        output = result.output or "null"
        return EndTask("", task.workflow, task.index, task.token, True, output, "", "")
    return end_task(
        "", {name.encode(): text.encode() for name, text in result_fields(task, result).items()}
    )


def result_fields(task: StartTask, result: TaskResult) -> dict[str, str]:
    """The encoded fields of the end that a result means."""
    if result.error is not None:
        return failure_fields(task, result.error.reason, result.error, final=result.error.final)
    return encode_success(task, result.output or "null")


def failure_fields(
    task: StartTask, reason: str, error: TaskError | None = None, *, final: bool
) -> dict[str, str]:
    """The encoded fields of a failed end; ``final`` forbids a retry."""
    detail = _detail(error) if error is not None else None
    fields = end_fields(task, reason=sendable(reason[:MAX_REASON]), error=detail, final=final)
    return encode(message(fields))


def _detail(error: TaskError) -> Mapping[str, Any]:
    return {
        "type": sendable(error.type),
        "message": sendable(error.message),
        "traceback": sendable(error.traceback),
        "classes": error.classes,
    }
