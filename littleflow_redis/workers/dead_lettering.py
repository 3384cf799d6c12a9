"""Tasks that cannot be run: they end as failures, and their events become dead letters."""

from __future__ import annotations

import logging

from redis.exceptions import DataError, RedisError, ResponseError

from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.event_codec import encode, message, sendable
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary

LOG = logging.getLogger("littleflow_redis.worker")

#: Deliveries after which an event that raises again and again goes to the dead letters.
MAX_DELIVERIES = 5


def is_outage(error: Exception) -> bool:
    """Whether the error is an outage of Redis, which does not count against the event."""
    if not isinstance(error, RedisError):
        return False
    return not isinstance(error, (ResponseError, DataError)) or is_temporary(error)


def failed(times: int, error: Exception) -> str:
    """The reason of an event that raised again and again."""
    what = str(error) if isinstance(error, RedisError) else f"{type(error).__name__}: {error}"
    return sendable(f"it failed {times} times: {what}")


def died(times: int) -> str:
    """The reason of a task whose workers all died."""
    return f"its worker died {times} times while running it"


def fail_permanently(engine: EngineContext, group: str, task: StartTask, reason: str) -> None:
    """End the task's attempt as failed, finally, and keep its event as a dead letter."""
    end = encode(message(end_fields(task, reason=reason, final=True)))
    if engine.transitions.fail_permanently(task, group, reason, end):
        LOG.error(kv("given-up", workflow=task.workflow, step=task.index, reason=reason))
