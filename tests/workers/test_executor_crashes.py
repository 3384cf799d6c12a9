"""At each Redis call of an executor: die before it, die after it, lose its reply.

The executor reads, holds, beats, takes over, hands back, publishes, applies ends, is handed what
follows, and asks for a role. It is turned in this thread, so that call k is the same each time.
"""

from __future__ import annotations

from collections import Counter

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.faults import Plan, every_fault, faulty_client
from tests.support import RedisServer
from tests.workers.executor_scene import Scene

#: More items than there is room, a step that is handed back, one that goes through the broker, and
#: a retry.
FLOW = "t:Split → * t:Item → t:Back → t:Again → t:Last(- {$retry: {limit: 1, delay: 0}} -)"

#: How often each step runs if nothing goes wrong.
RUNS = {"Split": 1, "Item": 3, "Back": 1, "Again": 1, "Last": 2}


def check(engine: Client, scene: Scene) -> None:
    view = engine.state(scene.workflow)
    assert view.state is WorkflowState.FINISHED, view.reasons
    assert view.output == "Last"
    assert {step.activations for step in view.steps} == {1}
    ends = Counter(entry.field for entry in engine.trace(scene.workflow) if entry.what == "end")
    assert set(ends.values()) == {1}, ends
    assert all(scene.tasks.runs[name] >= times for name, times in RUNS.items())


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "beside another"])
def test_an_executor_may_fail_at_any_call(
    client: redis.Redis, redis_server: RedisServer, others: int
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        scene = Scene(engine, Client(redis=faulty_client(redis_server, plan)), FLOW, others=others)
        scene.run()
        check(engine, scene)
        if plan.fault is None:
            assert scene.tasks.runs == RUNS
        # How many calls there are at rest depends on the clock.
        deadly = plan.fault is not None and plan.fault.deadly and plan.calls > plan.at
        assert scene.deaths == deadly

    assert sum(1 for _ in every_fault(scenario)) > 100


def test_an_executor_that_leaves_may_fail_at_any_call(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        scene = Scene(engine, Client(redis=faulty_client(redis_server, plan)), FLOW, turns=2)
        scene.run()
        check(engine, scene)
        if plan.fault is None:
            assert scene.tasks.runs == RUNS

    assert sum(1 for _ in every_fault(scenario)) > 100


def test_what_a_result_ends_is_neither_lost_nor_ended_twice(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        scene = Scene(engine, Client(redis=faulty_client(redis_server, plan)), "t:Other")
        scene.run()
        assert engine.state(scene.workflow).state is WorkflowState.FINISHED
        ends = [entry.field for entry in engine.trace(scene.workflow) if entry.what == "end"]
        assert ends == ["1"]
        # Only who dies has it run again: a lost reply is asked for anew.
        assert scene.tasks.runs["Other"] <= 1 + scene.deaths

    assert sum(1 for _ in every_fault(scenario)) > 50
