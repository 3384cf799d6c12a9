"""Starting, listing, waiting, deleting: what a workflow is from outside."""

from __future__ import annotations

import threading
from pathlib import Path

import littleflow
import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import (
    IdConflict,
    InProgress,
    InvalidId,
    UnknownWorkflow,
    UnsupportedFlow,
    WorkflowTerminated,
)
from littleflow_redis.engine.model.json_values import BadValue
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.flows import MAX_CACHED
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.language import FlowError
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Player, drive, run


def test_the_same_id_text_and_input_is_the_same_workflow(engine: Client) -> None:
    first = engine.start("A → B", {"x": 1}, workflow_id="once")
    assert engine.start("A → B", {"x": 1}, workflow_id="workflow:once") == first
    assert engine.redis.hlen(engine.keys.open_attempts) == 1
    engine.terminate(first)
    assert engine.start("A → B", {"x": 1}, workflow_id="once") == first
    assert engine.state(first).state is WorkflowState.TERMINATED


@pytest.mark.parametrize(("text", "input"), [("A → C", {"x": 1}), ("A → B", {"x": 2})])
def test_the_same_id_with_another_text_or_input_is_refused(
    engine: Client, text: str, input: object
) -> None:
    engine.start("A → B", {"x": 1}, workflow_id="once")
    with pytest.raises(IdConflict, match="another text or input"):
        engine.start(text, input, workflow_id="once")


@pytest.mark.parametrize("id", ["", "latch", "a b", "a/b", "ä", "x" * 201, "a:b", "../a", "a\n"])
def test_ids_that_can_be_none_are_refused(engine: Client, id: str) -> None:
    if id:
        with pytest.raises(InvalidId, match="letters, digits"):
            engine.start("A", workflow_id=id)
    with pytest.raises(InvalidId):
        engine.state(id)


def test_a_text_that_does_not_compile_starts_nothing(engine: Client) -> None:
    with pytest.raises(FlowError, match="1:4"):
        engine.start("A →")
    assert engine.redis.dbsize() == 0


def test_an_input_that_is_no_json_starts_nothing(engine: Client) -> None:
    with pytest.raises(BadValue):
        engine.start("A", {"x": {1, 2}})
    assert engine.redis.dbsize() == 0


def test_what_this_version_cannot_run_is_refused_with_a_sentence(engine: Client) -> None:
    with pytest.raises(UnsupportedFlow, match="cannot be run by this version yet"):
        engine.start("<data.json> → A")
    assert engine.redis.dbsize() == 0


def test_a_file_and_a_littleflow_flow_are_started_too(engine: Client, tmp_path: Path) -> None:
    path = tmp_path / "two.flow"
    path.write_text("@flow two\nA → B", encoding="utf-8")
    first = engine.start(path)
    assert first.startswith("workflow:two-")
    engine.terminate(first)
    flow = littleflow.Compiler().compile(littleflow.Parser().parse("A → B"))
    workflow, player = run(engine, flow)
    assert [task.name for task in player.played] == ["A", "B"]
    assert engine.state(workflow).state is WorkflowState.FINISHED


def test_wait_sees_an_end_that_came_before_and_one_that_comes(engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    workflow = engine.start("A")
    result: list[object] = []
    waiter = threading.Thread(target=lambda: result.append(engine.wait(workflow, timeout=LONG)))
    waiter.start()
    drive(engine, workflow, player, worker)
    waiter.join()
    assert result == [engine.wait(workflow, timeout=0)]


def test_wait_raises_what_came_instead(engine: Client) -> None:
    workflow = engine.start("A")
    with pytest.raises(TimeoutError, match="did not end within 0"):
        engine.wait(workflow, timeout=0)
    engine.terminate(workflow)
    with pytest.raises(WorkflowTerminated):
        engine.wait(workflow)
    with pytest.raises(UnknownWorkflow, match="`list` shows"):
        engine.wait("workflow:none")


def test_a_running_workflow_is_not_deleted(engine: Client) -> None:
    workflow = engine.start("A")
    with pytest.raises(InProgress, match="terminate it first"):
        engine.delete(workflow)
    engine.terminate(workflow)
    engine.delete(workflow)
    with pytest.raises(UnknownWorkflow):
        engine.delete(workflow)


#: Keys that belong to no workflow.
SHARED = {b"workflows:run", b"workflows:changes", b"workflows:counts", b"workflows:deleted"}


@pytest.mark.parametrize(
    "text", ["A → { B C } → > D", "* A → * { B }", "? `$[?(@.x=1)]` { A → :start } → B"]
)
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 100])
def test_a_deleted_workflow_leaves_no_key(
    client: redis.Redis, engine: Client, text: str, turns: int
) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    workflow = engine.start(text, {"x": 1})
    other = engine.start(text, {"x": 1})
    for _ in range(turns):
        if not player.turn() + worker.turn():
            break
    for id in (workflow, other):
        engine.terminate(id)
        engine.terminate(id)
        engine.delete(id)
    assert set(client.keys("*")) <= SHARED


def test_two_namespaces_do_not_see_each_other(client: redis.Redis) -> None:
    one, two = (Client(redis=client, keys=Keys(namespace=name)) for name in ("one:", "{two}:"))
    ids = [engine.start("A", workflow_id="same") for engine in (one, two)]
    assert ids == ["one:workflow:same", "{two}:workflow:same"]
    assert [row.id for row in one.list()] == [ids[0]]
    assert not [key for key in client.keys("*") if not key.startswith((b"one:", b"{two}:"))]
    for engine, id in zip((one, two), ids, strict=True):
        drive(engine, id, Player(engine), LifecycleWorker(engine))
        engine.delete("same")


def test_a_listing_is_newest_first_and_by_state(engine: Client) -> None:
    ids = [engine.start("A", workflow_id=f"w{n}") for n in range(5)]
    engine.terminate(ids[2])
    assert {row.id for row in engine.list()} == set(ids)
    assert [row.id for row in engine.list(state="TERMINATED")] == [ids[2]]
    assert len(engine.list(start=1, size=2)) == 2
    assert [id.decode() for id in engine.redis.lrange("workflows:all", 0, -1)] == ids[::-1]
    assert engine.redis.scard("workflows:inprogress") == 4


def test_a_client_remembers_few_of_the_flows_that_it_stored(engine: Client) -> None:
    """Its memory grew with each distinct text, without a limit."""
    for n in range(2 * MAX_CACHED + 3):
        engine.start(f"A{n}")
    assert len(engine._stored) <= MAX_CACHED
    assert engine.redis.llen(engine.keys.all) == 2 * MAX_CACHED + 3
