"""At every Redis call of a bridge: die before it, die after it, lose its reply."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import redis
from celery import Celery

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.faults import Plan, every_fault
from tests.support import RedisServer

from .mortal import Mortal, drive
from .serving import bridge_of, check_once, ends

pytestmark = pytest.mark.usefixtures("shared_worker", "quick_watch")


@pytest.fixture
def mortal(redis_server: RedisServer, app: Celery) -> Callable[[Plan], Mortal]:
    return lambda plan: Mortal.of(plan, redis_server, partial(bridge_of, app=app))


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
