"""At every Redis call of a bridge: die before it, die after it, lose its reply."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import redis
from celery import Celery

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.states import WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import hurry
from tests.faults import Plan, every_fault, faulty_client
from tests.support import RedisServer

from .mortal import CLAIM_IDLE, SWEEP, Mortal, Once
from .serving import LONG, bridge_of, check_once, ends, in_flight

pytestmark = pytest.mark.usefixtures("shared_worker", "quick_watch")


def drive(engine: Client, text: str, mortal: Mortal) -> str:
    """Run a workflow to its end and until nothing is in flight."""
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    workflow, since = engine.start(text), time.monotonic()
    while not engine.views.state(workflow).ended or in_flight(engine):
        mortal.turn()
        worker.turn()
        hurry(engine)
        assert time.monotonic() - since < LONG, f"stuck: {engine.state(workflow)}"
    worker.turn()
    mortal.close()
    return workflow


@pytest.fixture
def mortal(client: redis.Redis, redis_server: RedisServer, app: Celery) -> Callable[[Plan], Mortal]:
    engine = Client(redis=client)

    def make(plan: Plan) -> Mortal:
        client.flushdb()
        faulty = Client(redis=faulty_client(redis_server, Once(plan)))
        return Mortal(
            bridge_of(faulty, app, sweep=SWEEP),
            lambda: bridge_of(engine, app, sweep=SWEEP, claim_idle=CLAIM_IDLE),
        )

    return make


def test_a_bridge_may_fail_at_any_call(
    client: redis.Redis, mortal: Callable[[Plan], Mortal]
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        workflow = drive(engine, "{ math:add([2, 3]) math:add([4, 5]) } → math:add", mortal(plan))
        check_once(engine, workflow)
        assert engine.state(workflow).output == 14
        assert len(ends(engine, workflow)) == 3

    assert sum(1 for _ in every_fault(scenario)) > 30


def test_a_step_that_cannot_be_published_fails_once(
    client: redis.Redis, mortal: Callable[[Plan], Mortal]
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        workflow = drive(engine, "math:add([1, 2, 3])", mortal(plan))
        view = engine.state(workflow)
        assert view.state is WorkflowState.FAILED
        assert "plain.add(x, y)" in view.reasons[0]
        assert [entry.what for entry in engine.trace(workflow)].count("fail") == 1

    assert sum(1 for _ in every_fault(scenario)) > 12
