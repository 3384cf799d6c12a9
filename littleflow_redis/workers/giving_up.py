"""Tasks that nobody can run: ended as failures, and kept as dead letters."""

from __future__ import annotations

import logging

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.messages import StartTask, end_fields
from littleflow_redis.events.logs import kv
from littleflow_redis.events.wire import encode, message

LOG = logging.getLogger("littleflow_redis.worker")

#: Deliveries after which an event that makes its script raise goes to the dead letters.
MAX_DELIVERIES = 5


def failed(times: int, error: Exception) -> str:
    """The reason of an event whose script raised again and again."""
    return f"it failed {times} times: {error}"


def died(times: int) -> str:
    """The reason of a task that nobody survived."""
    return f"its worker died {times} times while running it"


def give_up(client: Client, group: str, task: StartTask, reason: str) -> None:
    """End the task's attempt as failed, finally, and keep its event as a dead letter."""
    end = encode(message(end_fields(task, reason=reason, final=True)))
    if client.transitions.give_up(task, group, reason, end):
        LOG.error(kv("given-up", workflow=task.workflow, step=task.index, reason=reason))
