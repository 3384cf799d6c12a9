"""Old and new workers side by side: what a newer version wrote is left to its workers, whole."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from littleflow_redis import TaskListener
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model import records
from littleflow_redis.engine.model.errors import NewerVersion
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.script_loader import scripts_for
from littleflow_redis.events.event_codec import receipt_for
from littleflow_redis.workers.lifecycle import MAX_DELIVERIES, LifecycleWorker
from littleflow_redis.workers.receipts import Receipts
from littleflow_redis.workers.retention import Retention
from littleflow_redis.workers.simulate import Simulator
from littleflow_redis.workers.timers import StuckTimers
from tests.support import wait_until

from .support import Player, append, drive, due, hurry

#: Seconds.
CLAIM_IDLE = 0.001


@pytest.fixture
def newer(engine: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client as the next version makes them, on the same server."""
    with monkeypatch.context() as patch:
        patch.setattr(records, "VERSION", records.VERSION + 1)
        scripts_for.cache_clear()
        newer = Client(redis=engine.redis)
    scripts_for.cache_clear()
    return newer


def worker_of(client: Client) -> LifecycleWorker:
    worker = LifecycleWorker(client, claim_idle=CLAIM_IDLE)
    worker.reader.ensure()
    return worker


def turns(worker: LifecycleWorker, count: int = 30) -> int:
    """Let it do what it finds, again and again; return the events that it handled."""
    return sum(worker.turn() for _ in range(count))


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "left-to-newer" in r.getMessage()]


#: A task, a merge (fired by Python), waits of both kinds, an iteration, a failure that is retried.
FLOW = """
    { A B } → > C → wait:delay(- duration: 0 -) → wait:acquire(- name: a -)
      → * D(- $retry: {limit: 1, delay: 0} -)
      → wait:release(- name: a -) → wait:countdown(- name: a -)
"""


def play(task: StartTask) -> Any:
    if task.name == "D" and task.token.startswith("1.1"):
        raise ValueError("the first time")
    return {task.name: 1}


def test_an_old_worker_in_between_loses_nothing(
    engine: Client, newer: Client, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = worker_of(engine), worker_of(newer)
    workflow = newer.start(FLOW, {"x": 1})

    class Both:
        def turn(self) -> int:
            turns(old, 3)
            return new.turn()

    with caplog.at_level(logging.WARNING):
        state = drive(newer, workflow, Player(newer, play), Both())
    assert state is WorkflowState.FINISHED, newer.state(workflow)
    assert newer.state(workflow).output == [{"D": 1}]
    assert not engine.redis.exists(engine.keys.dead)
    assert not engine.redis.keys("*latch*")
    assert len(told(caplog)) == 1


def test_events_wait_for_a_newer_worker_without_work_for_the_old_one(
    engine: Client, newer: Client
) -> None:
    old = worker_of(engine)
    player = Player(newer, play)
    workflow = newer.start(
        "{ A wait:acquire(- name: a -) wait:delay(- duration: 0 -) wait:countdown }"
    )
    player.turn()
    turns(old)
    assert turns(old) == 0, "it looks at them again"
    rows = engine.redis.xpending_range(engine.keys.events, "ending", "-", "+", 100)
    assert len(rows) == 4
    assert all(row["times_delivered"] < MAX_DELIVERIES for row in rows)
    assert {e.what for e in newer.trace(workflow)} == {"RUNNING", "pass", "queue", "take"}
    drive(newer, workflow, player, worker_of(newer))
    assert newer.state(workflow).reasons[0].startswith("step 5 (wait:countdown)")
    assert engine.redis.get("workflow:latch:a") == b"1"


def test_due_timers_are_put_off_by_an_old_worker(engine: Client, newer: Client) -> None:
    old, new, player = worker_of(engine), worker_of(newer), Player(newer)
    workflow = newer.start("wait:delay(- duration: 100 -) → A")
    turns(new)
    hurry(newer)
    engine.redis.zadd(engine.keys.timers, {"someday|workflow:w|1|x": 0})
    turns(old)
    assert len(due(engine)) == 2, "no newer one could see them"
    old.following.timers.stuck = StuckTimers(patience=0.0)
    turns(old)
    assert due(engine) == [], "it would look at them in every turn"
    assert engine.redis.zcard(engine.keys.timers) == 2
    engine.redis.zrem(engine.keys.timers, "someday|workflow:w|1|x")
    hurry(newer)
    assert drive(newer, workflow, player, new) is WorkflowState.FINISHED


def test_an_old_worker_still_serves_its_own(engine: Client, newer: Client) -> None:
    old = worker_of(engine)
    for _ in range(3):
        newer.start("A → B")
    assert drive(engine, engine.start("A → B"), Player(engine), old) is WorkflowState.FINISHED


def test_a_receipt_is_left_too(engine: Client, newer: Client) -> None:
    workflow = newer.start("A(- {$queue-timeout: 100, $timeout: 30} -)")
    (event,) = engine.redis.hkeys(engine.keys.open_attempts)
    append(engine.redis, engine.keys.events, receipt_for(event.decode()))
    turns(worker_of(engine))
    assert newer.state(workflow).steps[1].state == "queued"
    wait_until(
        lambda: turns(worker_of(newer)) and newer.state(workflow).steps[1].state == "running",
        "a newer worker takes it up",
    )


def test_an_old_listener_leaves_tasks(
    engine: Client, newer: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def listener(client: Client) -> TaskListener:
        listener = TaskListener("math", client=client, claim_idle=CLAIM_IDLE)
        listener.task("add")(lambda x: x)
        return listener

    newer.start("math:add", 1)
    old = listener(engine)
    with caplog.at_level(logging.WARNING):
        assert sum(old.turn() for _ in range(30)) == 0
    assert len(told(caplog)) == 1
    old.stop()
    new = listener(newer)
    wait_until(lambda: new.turn() == 1, "a newer one serves it")
    new.stop()


def test_an_old_simulator_leaves_tasks(
    engine: Client, newer: Client, caplog: pytest.LogCaptureFixture
) -> None:
    newer.start("math:add", 1)
    old = Simulator(engine, wait_period=0.0, claim_idle=CLAIM_IDLE)
    old._reader.ensure()
    with caplog.at_level(logging.WARNING):
        assert sum(old.turn() for _ in range(30)) == 0
    assert len(told(caplog)) == 1
    old.close()
    new = Simulator(newer, wait_period=0.0, claim_idle=CLAIM_IDLE)
    wait_until(lambda: new.turn() == 1, "a newer one plays it")
    new.close()


def test_nothing_that_changes_a_workflow_touches_a_newer_one(engine: Client, newer: Client) -> None:
    workflow = newer.start("A")
    for change in (engine.terminate, engine.restart, engine.delete):
        with pytest.raises(NewerVersion, match="upgrade"):
            change(workflow)
    engine.redis.delete(engine.keys.events)
    turns(worker_of(engine), 1)
    assert engine.redis.xlen(engine.keys.events) == 0, "reconcile wrote"
    engine.redis.hset(workflow, "state", "FINISHED")
    engine.redis.zadd(f"{engine.keys.index}:FINISHED", {workflow: 0})
    Retention(engine.context, {WorkflowState.FINISHED: 0}).turn()
    assert engine.redis.exists(workflow)


def test_a_flow_that_cannot_be_read_stops_no_worker(engine: Client, newer: Client) -> None:
    old = worker_of(engine)
    player = Player(newer)
    workflow = newer.start("{ A B } → > C")
    flow = engine.redis.hget(workflow, "flow")
    engine.redis.hset(f"workflows:flow:{flow.decode()}", "doc", '{"form": "of the future"}')
    new = worker_of(newer)
    while player.turn() + new.turn():
        pass
    hurry(newer)
    engine.redis.delete(engine.keys.events)
    turns(old)
    with pytest.raises(NewerVersion):
        engine.state(workflow)


def test_an_end_is_kept_while_its_attempt_is_open(engine: Client, newer: Client) -> None:
    """An end that no worker could apply for ten minutes was swept away: its step never ended."""
    janitor = Receipts(engine, grace=0.0, show=lambda _: None)
    player, old = Player(newer), worker_of(engine)
    mine, theirs = (
        engine.start("A → B", workflow_id="mine"),
        newer.start("A → B", workflow_id="theirs"),
    )
    player.turn()
    for bad in ('"workflow:latch:a"', '"', "[1]", '"workflow:mine"'):
        engine.redis.xadd(engine.keys.events, {"kind": '"end-task"', "workflow": bad, "index": "7"})
    engine.redis.rpush("workflow:latch:a", "a list")
    janitor.turn()
    wait_until(lambda: janitor.turn() == 0, "the janitor is done")
    ends = [f for _, f in engine.redis.xrange(engine.keys.events) if f[b"kind"] == b'"end-task"']
    assert len(ends) == 2
    assert drive(engine, mine, player, old) is WorkflowState.FINISHED
    wait_until(lambda: janitor.turn() == 0, "the janitor is done")
    assert drive(newer, theirs, player, worker_of(newer)) is WorkflowState.FINISHED
    wait_until(lambda: janitor.turn() + engine.redis.xlen(engine.keys.events) == 0, "all is swept")
