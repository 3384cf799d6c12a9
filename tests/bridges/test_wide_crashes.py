"""A bridge that fails at any call while it has more to publish and to tell than fits into one."""

from __future__ import annotations

from functools import partial

import pytest
import redis
from celery import Celery

from littleflow_redis.engine.client import Client
from tests.faults import Plan, every_fault
from tests.support import RedisServer

from .mortal import Mortal, drive
from .serving import bridge_of, check_once

#: Tasks read and published at once, those in one call, and tasks: enough for three of each.
BATCH, TOGETHER, TASKS = 2, 2, 5


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("events.script_batch",):
        monkeypatch.setattr(f"littleflow_redis.{module}.TOGETHER", TOGETHER)


@pytest.mark.usefixtures("shared_worker", "quick_watch")
def test_a_bridge_may_fail_at_any_call_between_batches(
    client: redis.Redis, redis_server: RedisServer, app: Celery
) -> None:
    engine = Client(redis=client)
    make = partial(bridge_of, app=app, batch=BATCH)

    def scenario(plan: Plan) -> None:
        mortal = Mortal.of(plan, redis_server, make)
        text = f"* math:add(- $concurrency: {TASKS} -)"
        items = [[n, 1] for n in range(TASKS)]
        workflow = drive(engine, text, mortal, items)
        check_once(engine, workflow)
        assert engine.state(workflow).output == [n + 1 for n in range(TASKS)]

    plans = list(every_fault(scenario))
    assert len(plans) > 30
    assert any(plan.wide for plan in plans)
