"""A bridge that fails at any call while it has more to publish and to tell than fits into one."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.engine.client import Client
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import hurry
from tests.faults import Plan, every_fault, faulty_client
from tests.support import RedisServer

from .mortal import CLAIM_IDLE, SWEEP, Mortal, Once
from .serving import LONG, bridge_of, check_once, combined_of, in_flight

#: Tasks read and published at once, those in one call, and tasks: enough for three of each.
BATCH, TOGETHER, TASKS = 2, 2, 5


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("engine.transitions", "events.lua"):
        monkeypatch.setattr(f"littleflow_redis.{module}.TOGETHER", TOGETHER)


@pytest.mark.usefixtures("shared_worker", "quick_watch")
@pytest.mark.parametrize("combined", [False, True])
def test_a_bridge_may_fail_at_any_call_between_batches(
    client: redis.Redis, redis_server: RedisServer, app: Celery, combined: bool
) -> None:
    engine = Client(redis=client)
    make: Callable[..., Bridge] = combined_of if combined else bridge_of

    def scenario(plan: Plan) -> None:
        client.flushdb()
        faulty = Client(redis=faulty_client(redis_server, Once(plan)))
        mortal = Mortal(
            make(faulty, app, sweep=SWEEP, batch=BATCH),
            # Clients that hand over must not be those of the test.
            lambda: make(
                Client(redis=client), app, sweep=SWEEP, batch=BATCH, claim_idle=CLAIM_IDLE
            ),
        )
        worker = None if combined else LifecycleWorker(engine)
        if worker:
            worker.reader.ensure()
        text = f"* math:add(- $concurrency: {TASKS} -)"
        workflow = engine.start(text, [[n, 1] for n in range(TASKS)])
        since = time.monotonic()
        while not engine.views.state(workflow).ended or in_flight(engine):
            mortal.turn()
            if worker:
                worker.turn()
            hurry(engine)
            assert time.monotonic() - since < LONG, f"stuck: {engine.state(workflow)}"
        mortal.close()
        check_once(engine, workflow)
        assert engine.state(workflow).output == [n + 1 for n in range(TASKS)]

    plans = list(every_fault(scenario))
    assert len(plans) > 30
    assert any(plan.wide for plan in plans)
