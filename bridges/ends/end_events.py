"""The ends of tasks as end-task events, which any lifecycle worker reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from littleflow_redis.engine.model.task_events import (
    MAX_REASON,
    StartTask,
    encode_success,
    end_fields,
)
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.event_codec import encode, message, sendable

from .task_error import TaskError
from .task_result import TaskResult

#: A task that has ended, with its result.
EndedTask = tuple[StartTask, TaskResult]


def report_ends(engine: EngineContext, ended: Iterable[EndedTask]) -> None:
    """Report these in one round trip. Raises RedisError: then any of them may be reported."""
    with engine.redis.pipeline(transaction=False) as pipe:
        for task, result in ended:
            pipe.xadd(engine.keys.events, cast("Any", result_fields(task, result)))
        pipe.execute()


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
