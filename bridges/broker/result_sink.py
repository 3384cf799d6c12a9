"""The ends that a bridge tells: as end-task events, or applied by the process itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import (
    MAX_REASON,
    EndTask,
    StartTask,
    encode_success,
    end_fields,
    end_task,
)
from littleflow_redis.events.event_codec import encode, message, sendable
from littleflow_redis.workers.applying import Applying

from .failures import TaskError
from .records import StoredResult

#: A task that has ended, and what its result says.
Ended = tuple[StartTask, StoredResult]


class ResultSink(Protocol):
    """Tells ends, for one thread."""

    def tell(self, ended: Iterable[Ended]) -> None:
        """Tell these, in one round trip. Raises RedisError: then any of them may be told."""

    def patience(self, block: float) -> float:
        """Seconds to wait for results, ``block`` at most."""

    def turn(self) -> None:
        """Do what is due besides."""


class EventSink:
    """Ends go into the stream, where any lifecycle worker takes them up."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def tell(self, ended: Iterable[Ended]) -> None:
        with self._client.redis.pipeline(transaction=False) as pipe:
            for task, result in ended:
                pipe.xadd(self._client.keys.events, cast("Any", end_of(task, result)))
            pipe.execute()

    def patience(self, block: float) -> float:
        return block

    def turn(self) -> None:
        pass


class ScriptSink:
    """Ends are applied at once; those that this process cannot apply go into the stream."""

    def __init__(self, client: Client, applying: Applying) -> None:
        self._applying = applying
        self._told = EventSink(client)

    def tell(self, ended: Iterable[Ended]) -> None:
        ends = list(ended)
        left = self._applying.apply([applicable(*one) for one in ends])
        if left:
            self._told.tell(ends[place] for place in left)

    def patience(self, block: float) -> float:
        return self._applying.following.patience(block)

    def turn(self) -> None:
        self._applying.turn()


def applicable(task: StartTask, result: StoredResult) -> EndTask:
    """The end that a stored result means, as if it had been read from an event."""
    if result.error is None:
        output = result.output or "null"
        return EndTask("", task.workflow, task.index, task.token, True, output, "", "")
    return end_task(
        "", {name.encode(): text.encode() for name, text in end_of(task, result).items()}
    )


def end_of(task: StartTask, result: StoredResult) -> dict[str, str]:
    """The encoded fields of the end that a stored result means."""
    if result.error is not None:
        return failure(task, result.error.reason, result.error, final=result.error.final)
    return encode_success(task, result.output or "null")


def failure(
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
