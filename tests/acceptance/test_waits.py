"""Waits outlive the worker that took them up."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState
from tests.support import LONG, RedisServer, Spawned, wait_until

WORKER = [sys.executable, "-m", "littleflow_redis", "worker"]


def test_kill_9_in_the_middle_of_a_wait(
    client: redis.Redis, redis_server: RedisServer, spawn: Callable[..., Spawned]
) -> None:
    engine = Client(redis=client)
    text = "wait:delay(- duration: 3 -) → wait:event(- {event: go, match: input} -)"

    def state(step: int) -> StepState:
        return engine.state(workflow).steps[step].state

    worker = spawn(WORKER, env=redis_server.environment)
    workflow = engine.start(text, {"id": 7})
    wait_until(lambda: state(1) is StepState.WAITING, "the delay was taken up")
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait()

    other = spawn(WORKER, env=redis_server.environment)
    wait_until(lambda: state(2) is StepState.WAITING, "the event is waited for")
    delay = engine.state(workflow).steps[1]
    assert delay.started is not None
    assert delay.ended is not None
    late = (delay.ended - delay.started).total_seconds() - 3
    assert -0.01 <= late < 1, f"{late} s late"
    other.process.send_signal(signal.SIGKILL)
    other.process.wait()

    engine.send_event("go", {"id": 8})
    engine.send_event("go", {"id": 7, "output": {"by": "me"}})
    spawn(WORKER, env=redis_server.environment)
    assert engine.wait(workflow, timeout=LONG) == {"id": 7, "by": "me"}
