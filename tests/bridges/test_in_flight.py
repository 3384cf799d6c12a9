"""What is in flight is bounded, whoever publishes, and however long no worker is there."""

from __future__ import annotations

from collections.abc import Callable

import redis
from celery import Celery

from littleflow_redis.engine.client import Client
from tests.support import Spawned, wait_until
from tests.workers.scenes import pending

from .serving import LONG, bridge_of, in_flight, running


def test_no_more_is_in_flight_than_may_be(
    engine: Client, app: Celery, worker: Callable[..., Spawned], broker: redis.Redis
) -> None:
    first = bridge_of(engine, app, max_in_flight=5, sweep=0.05)
    second = bridge_of(engine, app, max_in_flight=5, sweep=0.05)
    with running(first):
        workflow = engine.start("* math:mul", list(range(40)))
        wait_until(lambda: in_flight(engine) == 5, "the limit is reached")
        with running(second):
            clock = engine.start("wait:delay(- duration: 0.5 -)")
            engine.wait(clock, timeout=LONG)
            assert in_flight(engine) == broker.llen("celery") == 5
            worker()
            assert engine.wait(workflow, timeout=LONG) == [2 * n for n in range(40)]
    assert pending(engine, "bridge:math") == 0
