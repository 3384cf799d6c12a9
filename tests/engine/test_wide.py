"""Fan-outs with a join that upstream cannot run, at a cost per step that does not grow."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .support import Player, drive


def wide(width: int) -> str:
    return "A → { " + " ".join(f"B{n}" for n in range(width)) + " } → C"


def cost(engine: Client, width: int) -> float:
    """Seconds of processor time per step, Redis and worker together."""
    engine.redis.flushall()
    engine.redis.config_set("slowlog-max-len", 0)
    worker, player = LifecycleWorker(engine), Player(engine, lambda task: task.index)
    worker.reader.ensure()
    workflow = engine.start(wide(width))
    began = spent(engine.redis)
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    ended = spent(engine.redis)
    assert player.played[-1].input == list(range(3, width + 3))
    assert len(player.played) == width + 2
    return (ended - began) / width


def spent(client: redis.Redis) -> float:
    cpu: Any = client.info("cpu")
    return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"] + time.process_time())


@pytest.mark.timeout(300)
def test_a_fan_out_of_5000_costs_per_step_what_one_of_1100_costs(engine: Client) -> None:
    cost(engine, 100)
    narrow, broad = cost(engine, 1_100), cost(engine, 5_000)
    assert broad < 1.5 * narrow, f"{narrow * 1e6:.0f} µs per step became {broad * 1e6:.0f} µs"
