"""The end-task events by which a bridge tells how an attempt ended."""

from __future__ import annotations

from collections.abc import Mapping

from littleflow_redis.bridges.records import UNREADABLE, Result, TaskError
from littleflow_redis.engine.messages import MAX_REASON, StartTask, end_fields
from littleflow_redis.events.wire import encode, message


def end_of(task: StartTask, result: Result) -> dict[str, str]:
    """The encoded fields of the end that a stored result means."""
    if result.error is not None:
        # A value that cannot be an output is the same at the next try.
        final = result.error.type == UNREADABLE
        return failure(task, result.error.reason, result.error, final=final)
    # The output is JSON text already.
    return encode(message(end_fields(task))) | {"output": result.output or "null"}


def failure(
    task: StartTask, reason: str, error: TaskError | None = None, *, final: bool
) -> dict[str, str]:
    """The encoded fields of a failed end; ``final`` forbids a retry."""
    detail = _detail(error) if error is not None else None
    fields = end_fields(task, reason=sendable(reason[:MAX_REASON]), error=detail, final=final)
    return encode(message(fields))


def _detail(error: TaskError) -> Mapping[str, str]:
    return {
        "type": sendable(error.type),
        "message": sendable(error.message),
        "traceback": sendable(error.traceback),
    }


def sendable(text: str) -> str:
    """Without lone surrogates, of file names that are not UTF-8: no server takes them."""
    return text.encode(errors="backslashreplace").decode()
