"""Retention: what ended long ago goes, what runs never."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.retention import PAGE, Retention
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import RedisServer

from .support import Player, drive

#: Seconds.
HOUR = 3600.0


def age(engine: Client, workflow: str, *, created: float = 0, ended: float = 0) -> None:
    """Move times of a workflow into the past, by seconds."""
    now = engine.redis.time()[0]
    state = engine.views.state(workflow)
    engine.redis.zadd(
        f"{engine.keys.index}:{state}", {workflow: (now - max(created, ended)) * 1000}
    )
    if state.ended:
        engine.redis.hset(workflow, "ended", str(int(now - ended) * 1000))


def ended(engine: Client, state: WorkflowState, id: str | None = None) -> str:
    """A workflow in this state."""
    workflow = engine.start(
        "math:x" if state is not WorkflowState.FAILED else "wait:acquire", None, workflow_id=id
    )
    if state is WorkflowState.TERMINATED:
        engine.terminate(workflow)
    elif state is not WorkflowState.RUNNING:
        drive(engine, workflow, Player(engine), LifecycleWorker(engine))
    assert engine.views.state(workflow) is state
    return workflow


def search(engine: Client, limits: dict[WorkflowState, float]) -> int:
    """One whole search, page by page."""
    retention = Retention(engine.context, limits)
    retention.turn()
    while retention._left:
        retention.turn()
    return retention.deleted


FINISHED, FAILED, TERMINATED = (
    WorkflowState.FINISHED, WorkflowState.FAILED, WorkflowState.TERMINATED,
)  # fmt: skip


@pytest.mark.parametrize("state", [FINISHED, TERMINATED, FAILED])
def test_what_ended_long_enough_ago_is_deleted(engine: Client, state: WorkflowState) -> None:
    old, young = ended(engine, state), ended(engine, state)
    age(engine, old, ended=2 * HOUR)
    age(engine, young, created=2 * HOUR, ended=HOUR / 2)
    assert search(engine, {state: HOUR}) == 1
    assert [summary.id for summary in engine.list()] == [young]
    assert not engine.redis.keys(f"{old}*")


def test_only_the_states_that_are_given(engine: Client) -> None:
    for state in (FINISHED, TERMINATED, FAILED, WorkflowState.RUNNING):
        age(engine, ended(engine, state, state.lower()), created=2 * HOUR, ended=2 * HOUR)
    assert search(engine, {}) == 0
    assert search(engine, {WorkflowState.RUNNING: HOUR, WorkflowState.TERMINATING: HOUR}) == 0
    assert search(engine, {FINISHED: HOUR, TERMINATED: HOUR}) == 2
    assert {summary.state for summary in engine.list()} == {FAILED, WorkflowState.RUNNING}


def test_another_retention_counts_for_all_that_is_there(engine: Client) -> None:
    age(engine, ended(engine, FINISHED), ended=2 * HOUR)
    assert search(engine, {FINISHED: 3 * HOUR}) == 0
    assert search(engine, {FINISHED: HOUR}) == 1


def test_what_was_restarted_since_it_was_found_stays(engine: Client) -> None:
    workflow = ended(engine, FAILED)
    age(engine, workflow, ended=2 * HOUR)
    call = engine.transitions.retire(workflow, FAILED, HOUR)
    engine.restart(workflow)
    engine.transitions.run([call])
    assert engine.views.state(workflow) is WorkflowState.RUNNING
    drive(engine, workflow, Player(engine), LifecycleWorker(engine))
    engine.transitions.run([call])
    assert engine.views.state(workflow) is FAILED


def test_many_go_page_by_page_past_those_that_stay(engine: Client) -> None:
    for number in range(PAGE + 20):
        id = engine.start("math:x", workflow_id=f"stays-{number}")
        engine.terminate(id)
        age(engine, id, created=9 * HOUR, ended=1)
    for number in range(30):
        id = engine.start("math:x", workflow_id=f"goes-{number}")
        engine.terminate(id)
        age(engine, id, ended=5 * HOUR)
    assert search(engine, {TERMINATED: HOUR}) == 30
    assert len(engine.list(size=1000)) == PAGE + 20


def test_a_worker_does_it_beside_its_work(engine: Client) -> None:
    old, young = ended(engine, FINISHED), ended(engine, FINISHED)
    age(engine, old, ended=2 * HOUR)
    worker = LifecycleWorker(engine, retain={FINISHED: HOUR})
    worker.reader.ensure()
    workflow = engine.start("A")
    drive(engine, workflow, Player(engine), worker)
    assert {summary.id for summary in engine.list()} == {young, workflow}


def test_a_search_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        for name in ("one", "two"):
            engine.terminate(engine.start("math:x", workflow_id=name))
            age(engine, f"workflow:{name}", ended=2 * HOUR)
        running = engine.start("math:x")
        try:
            search(Client(redis=faulty_client(redis_server, plan)), {TERMINATED: HOUR})
        except (Died, redis.ConnectionError):
            search(engine, {TERMINATED: HOUR})
        assert [summary.id for summary in engine.list()] == [running]
        left = {key.decode() for key in client.keys("workflow:*")}
        assert all(key.startswith(running) for key in left)

    assert sum(1 for _ in every_fault(scenario)) >= 6
