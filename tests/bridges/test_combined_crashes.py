"""At every Redis call of lifecycle and bridge in one process: die before it, after it, lose its
reply."""

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
from .serving import check_once, combined_of, ends

pytestmark = pytest.mark.usefixtures("shared_worker", "quick_watch")


@pytest.fixture
def mortal(redis_server: RedisServer, app: Celery) -> Callable[[Plan], Mortal]:
    return lambda plan: Mortal.of(plan, redis_server, partial(combined_of, app=app))


def test_both_in_one_may_fail_at_any_call(
    client: redis.Redis, mortal: Callable[[Plan], Mortal]
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        workflow = drive(
            engine, "{ math:add([2, 3]) math:add([4, 5]) } → math:add", mortal(plan), beside=False
        )
        check_once(engine, workflow)
        assert engine.state(workflow).output == 14
        assert len(ends(engine, workflow)) == 3

    assert sum(1 for _ in every_fault(scenario)) > 30


def test_refusals_and_retries_may_fail_at_any_call(
    client: redis.Redis, mortal: Callable[[Plan], Mortal]
) -> None:
    """The second step cannot be called, which is an output; the third fails and is tried again."""
    engine = Client(redis=client)
    text = """
        math:add([1, 2]) → math:add(- {z: 3, $on-failure: continue} -)
        → math:order(- {item: tea, $retry: {limit: 1, delay: 0}} -)
    """

    def scenario(plan: Plan) -> None:
        workflow = drive(engine, text, mortal(plan), beside=False)
        view = engine.state(workflow)
        assert view.state is WorkflowState.FAILED
        assert "OutOfStock" in view.reasons[0]
        whats = [entry.what for entry in engine.trace(workflow)]
        counts = [whats.count(what) for what in ("end", "continue", "retry", "fail")]
        assert counts == [1, 1, 1, 1], whats

    assert sum(1 for _ in every_fault(scenario)) > 30
