"""Which categories nobody serves: told by the consumer groups, of a flow and of a workflow."""

from __future__ import annotations

import pytest

from littleflow_redis import TaskListener
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.operations import unserved as module
from littleflow_redis.engine.operations.unserved import ServedNames, Unserved, served, unserved
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.group import GroupReader
from littleflow_redis.language import Flow, compile_text
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.simulate import Simulator
from tests.support import wait_until

FLOW = compile_text("math:add → mahs:mul → plain → wait:delay(- duration: 1 -) → mahs:add")

ALL = {"math": [1], "mahs": [2, 5], "": [3], "wait": [4]}


def lacking(client: Client, flow: Flow | str = FLOW) -> dict[str, list[int]]:
    found = unserved(client, flow)
    return {one.category: [step.index for step in one.steps] for one in found}


def reader(engine: Client, group: str) -> GroupReader:
    """A consumer that has just shown itself."""
    made = GroupReader(engine.redis, engine.keys.events, group)
    made.ensure()
    made.read(1)
    return made


def test_nobody_is_there(engine: Client) -> None:
    assert lacking(engine) == ALL
    # A group alone serves nothing: somebody must read in it.
    GroupReader(engine.redis, engine.keys.events, "bridge:math").ensure()
    assert lacking(engine) == ALL


def test_each_kind_of_process_serves_its_category(engine: Client) -> None:
    worker, listener = LifecycleWorker(engine), TaskListener("math", client=engine)
    worker.reader.ensure()
    worker.turn()
    assert lacking(engine) == {category: ALL[category] for category in ("math", "mahs", "")}
    listener.turn()
    (mahs, plain) = unserved(engine, FLOW)
    assert (mahs.category, mahs.close) == ("mahs", ("math",))
    assert mahs.sentence == (
        "nobody serves the category 'mahs' (mahs:mul, mahs:add): did you mean 'math'? Else start a "
        "Celery worker that serves it (`LITTLEFLOW_SERVE=mahs celery -A APP worker "
        "-I littleflow_redis.steps`), a bridge (`bridge -A APP --category mahs`) or a "
        "TaskListener('mahs')"
    )
    assert plain.sentence == (
        "nobody serves steps without a category (plain): start a Celery worker that serves it "
        "(`celery -A APP worker -I littleflow_redis.steps`), a bridge (`bridge -A APP`) or a "
        "TaskListener()"
    )
    reader(engine, "bridge:")
    mine = TaskListener("mahs", client=engine, group="mine")
    mine.turn()
    assert lacking(engine) == {}
    for one in (listener, mine):
        one.stop()


def test_what_is_gone_serves_nothing(engine: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A consumer that was killed stays in its group for an hour."""
    reader(engine, "bridge:math")
    assert "math" not in lacking(engine)
    monkeypatch.setattr(module, "SILENT", 0.05)
    wait_until(lambda: "math" in lacking(engine), "it has been silent for long enough")


def test_simulate_plays_everything(engine: Client) -> None:
    simulator = Simulator(engine)

    def played() -> bool:
        simulator.turn()
        return lacking(engine) == {"wait": [4]}

    wait_until(played, "it has shown itself")
    simulator.close()


def test_a_worker_without_room_serves_its_categories(engine: Client) -> None:
    """It reads nothing, and was taken for gone after ten seconds: its heartbeat says it lives."""
    held = HeldAttempts(engine.context)
    held.beat("worker-1", Registration(["math"], ["celery"]), 60)
    held.beat("listener-1", Registration(["mahs"]), 60)
    assert lacking(engine).keys() == ALL.keys() - {"math", "mahs"}
    assert served(engine).inside == {"math"}, "the other is served by a listener"
    held.beat("worker-1", Registration(["math"], ["celery"]), -1)
    assert lacking(engine).keys() == ALL.keys() - {"mahs"}
    held.leave("worker-1")


def test_of_other_groups_nobody_knows(engine: Client) -> None:
    reader(engine, "audit")
    assert served(engine) == ServedNames(frozenset(), worker=False, others=("audit",))
    (one, *_) = unserved(engine, FLOW)
    assert "(math:add), unless audit does: start a Celery" in one.sentence


def test_of_a_workflow_what_is_still_to_come(engine: Client) -> None:
    text = "<- 1 -> → { math:add → mahs:mul  wait:delay(- duration: 100 -) }"
    engine.start(text, workflow_id="w")
    assert set(lacking(engine, "w")) == {"math", "mahs", "wait"}
    listener = TaskListener("math", client=engine)
    listener.task("add")(lambda x: x)
    listener.run_at_most(1)
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    (mul,) = [step for step in engine.state("w").steps if step.base == "mahs:mul"]
    worker.turn()
    assert engine.step("w", mul.index).step.state == "queued"
    assert set(lacking(engine, "w")) == {"mahs"}
    engine.terminate("w")
    assert lacking(engine, "w") == {}
    listener.stop()


def test_a_missing_worker_is_named(engine: Client) -> None:
    worker = Unserved("wait", FLOW.steps[4:5], ())
    assert worker.sentence == (
        "no worker runs for wait:delay: start `python -m littleflow_redis worker`, or a Celery "
        "worker that does its work (`celery -A APP worker -I littleflow_redis.steps`)"
    )


#: Three steps of one category: one whose queue the step names, two by the routes of an app.
BY_QUEUE = compile_text("m:own(- $celery: {queue: 'x'} -) → m:routed → m:plain")


def by_queue(engine: Client) -> dict[str, list[int]]:
    found = unserved(engine, BY_QUEUE)
    return {one.queue: [step.index for step in one.steps] for one in found}


def test_a_queue_that_no_worker_consumes(engine: Client) -> None:
    held = HeldAttempts(engine.context)
    assert by_queue(engine) == {"": [1, 2, 3]}, "nobody serves the category"
    held.beat("one", Registration(["m"], ["q"], left={"m:routed": "y"}), 60)
    (own, routed) = unserved(engine, BY_QUEUE)
    assert own.sentence == (
        "no Celery worker that serves steps consumes the queue 'x' (m:own): "
        "start one with `-Q x -I littleflow_redis.steps`"
    )
    assert (routed.queue, routed.steps[0].base) == ("y", "m:routed")
    # Of another category, and whose heart beats no more.
    held.beat("two", Registration(["n"], ["x", "y"]), 60)
    held.beat("three", Registration(["m"], ["x", "y"]), -1)
    assert by_queue(engine) == {"x": [1], "y": [2]}
    held.beat("three", Registration(["m"], ["x"]), 60)
    assert by_queue(engine) == {"y": [2]}
    reader(engine, "steps:m:y")
    assert by_queue(engine) == {}


def test_a_bridge_takes_steps_of_every_queue(engine: Client) -> None:
    HeldAttempts(engine.context).beat("one", Registration(["m"], ["q"]), 60)
    assert by_queue(engine) == {"x": [1]}
    reader(engine, "bridge:m")
    assert by_queue(engine) == {}
