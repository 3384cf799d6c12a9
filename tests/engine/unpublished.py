"""Attempts that were handed to a bridge: only versions before the first release did that."""

from __future__ import annotations

import msgpack

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import AttemptRecord, Dynamic, PublicationRecord
from littleflow_redis.engine.model.states import PublicationState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.keys import STEPS


def left_by_a_bridge(engine: Client, task: StartTask) -> None:
    """Make an attempt that was handed over one that a bridge recorded, and did not publish."""
    redis, flights, steps = engine.redis, engine.keys.publications + "a", task.workflow + STEPS
    id = f"lf:a:{engine.keys.short_id(task.workflow)}:{task.index}:{task.token}"
    flight = msgpack.unpackb(redis.hget(flights, task.uuid))
    flight[PublicationRecord.STATE - 1] = PublicationState.RECORDED.value
    redis.hdel(flights, task.uuid)
    redis.hset(flights, id, msgpack.packb(flight))
    step = msgpack.unpackb(redis.hget(steps, task.field))
    for attempt in step[Dynamic.OPEN - 1]:
        if attempt[AttemptRecord.TOKEN - 1] == task.token:
            attempt[AttemptRecord.OWNER - 1] = "bridge:a"
            attempt[AttemptRecord.TASK - 1] = id
    redis.hset(steps, task.field, msgpack.packb(step))
