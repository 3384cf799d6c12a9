"""A process that dies after each transition, before it fires the steps that this left ready."""

from __future__ import annotations

import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.store.keys import Keys


class UnsettledContext(EngineContext):
    """Leaves ready steps to their timers."""

    def fire_ready_steps(self, *reports: Report) -> list[Report]:
        return []


class Unsettled(Client):
    """Leaves ready steps to their timers, and so do workers that work with it."""

    def __init__(self, *, redis: redis.Redis, keys: Keys | None = None) -> None:
        super().__init__(redis=redis, keys=keys)
        whole = self.context
        self.context = UnsettledContext(
            whole.redis, whole.keys, whole.flows, whole.inputs, whole.transitions
        )
