"""Archive and restore: whatever a workflow was doing, a restored one comes to the same end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import littleflow
import pytest
import redis
from redis.exceptions import ConnectionError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import BadArchive, IdConflict, UnknownWorkflow
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.language import compile_text
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import LONG, RedisServer

from .archive_stage import FLOWS, resumed, snapshots
from .support import Player, drive, echo, hurry, run
from .test_ends import Hand


@pytest.mark.parametrize("name", FLOWS)
def test_a_restored_workflow_comes_to_the_same_end(engine: Client, name: str) -> None:
    text, play = FLOWS[name]
    archives = snapshots(engine, text, {"n": 0}, play)
    undisturbed = engine.wait(archives[-1]["id"], timeout=LONG)
    assert len({json.dumps(archive["steps"]) for archive in archives}) > 5
    for archive in archives:
        again = json.loads(json.dumps(archive))
        workflow, played = resumed(engine, again, play)
        view = engine.state(workflow)
        assert (view.state, view.output) == (WorkflowState.FINISHED, undisturbed)
        assert [s.activations for s in view.steps] == [
            max(archives[-1]["steps"].get(str(s.index), {}).get("activations", 0), s.activations)
            for s in view.steps
        ]
        if name != "loop":
            over = {f for f, step in archive["steps"].items() if step["state"] == "ended"}
            fields = {task_field(task) for task in played}
            assert not over & fields


def task_field(task: StartTask) -> str:
    scope = task.token.rpartition("-")[0].split(".")[2:]
    return f"{task.index}@{'.'.join(scope)}" if scope else str(task.index)


@pytest.mark.no_keys_left
def test_a_restored_workflow_is_deleted_to_the_last_key(engine: Client) -> None:
    archives = snapshots(engine, *_case("iteration"))
    for archive in archives[:: len(archives) // 4]:
        engine.redis.flushall()
        workflow = engine.restore(archive)
        assert engine.redis.sismember(engine.keys.running, workflow) == 0
        engine.delete(workflow)
        engine.redis.delete(engine.keys.changes, engine.keys.deleted)
        assert engine.redis.keys("*") == []


def _case(name: str) -> tuple[str, Any, Callable[[StartTask], Any]]:
    text, play = FLOWS[name]
    return text, {"n": 0}, play


def test_it_is_json_and_tells_everything(engine: Client) -> None:
    workflow, _ = run(engine, "A → B", {"x": 1})
    archive = json.loads(json.dumps(engine.archive(workflow)))
    assert (archive["format"], archive["version"], archive["form"]) == ("littleflow-archive", 2, 2)
    assert (archive["id"], archive["state"]) == (workflow, "FINISHED")
    assert (archive["source"], archive["input"]) == ("A → B", {"x": 1})
    assert archive["outputs"]["1"] == {"A": [1, {"x": 1}]}
    assert [c["what"] for c in archive["trace"]] == [c.what for c in engine.trace(workflow)]


def test_what_is_restored_shows_what_there_was(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        if task.name == "B":
            raise RuntimeError("broken")
        return echo(task)

    workflow, _ = run(engine, "A → { B C } → D", {"x": 1}, play)
    before = engine.state(workflow)
    trace = list(engine.trace(workflow))
    restored = engine.restore(engine.archive(workflow))
    view = engine.state(restored)
    assert restored != workflow
    assert view.state is WorkflowState.TERMINATED
    assert [(s.name, s.state, s.started) for s in view.steps] == [
        (s.name, s.state, s.started) for s in before.steps
    ]
    assert view.reasons == before.reasons
    after = list(engine.trace(restored))
    assert after[:-1] == trace
    assert (after[-1].what, after[-1].detail) == ("TERMINATED", f"restored from {workflow}")
    assert [row.id for row in engine.list("TERMINATED")] == [restored]


def test_one_that_terminates(engine: Client) -> None:
    hand = Hand(engine, "{ A B } → C")
    engine.transitions.run([engine.transitions.claim_attempt(hand.tasks["A"], "somebody")])
    assert engine.terminate(hand.workflow) is WorkflowState.TERMINATING
    archive = engine.archive(hand.workflow)
    workflow, played = resumed(engine, archive, echo)
    assert sorted(task.name for task in played) == ["A", "B", "C"]
    assert engine.state(workflow).state is WorkflowState.FINISHED


def test_what_was_open_several_times_runs_as_often(engine: Client) -> None:
    hand = Hand(engine, "{ A :a → :start ; :a → B } → C", {})
    for _ in range(3):
        hand.end("A", {})
    archive = engine.archive(hand.workflow)
    opened = [len(step["open"]) for step in archive["steps"].values()]
    assert max(opened) == 3
    engine.redis.flushall()
    workflow = engine.restore(archive)
    engine.restart(workflow)
    player, worker = Player(engine), LifecycleWorker(engine)
    player.serve = player.played.append  # type: ignore[method-assign]
    worker.turn()
    hurry(engine)
    worker.turn()
    player.turn()
    assert sorted(task.name for task in player.played) == ["A", "B", "B", "B"]


def test_another_redis_will_do(engine: Client, own_server: Callable[..., RedisServer]) -> None:
    hand = Hand(engine, "A → B", {"x": 1})
    hand.end("A", 1)
    with own_server().client() as elsewhere:
        other = Client(redis=elsewhere)
        workflow = other.restore(engine.archive(hand.workflow), workflow_id="elsewhere")
        assert workflow == "workflow:elsewhere"
        other.restart(workflow)
        worker, player = LifecycleWorker(other), Player(other)
        drive(other, workflow, player, worker)
        assert other.wait(workflow, timeout=LONG) == {"B": [2, 1]}


def test_an_id_is_used_once(engine: Client) -> None:
    workflow, _ = run(engine, "A")
    archive = engine.archive(workflow)
    with pytest.raises(IdConflict, match="another workflow"):
        engine.restore(archive, workflow_id=workflow)
    assert engine.restore(archive, workflow_id="x") == engine.restore(archive, workflow_id="x")
    other, _ = run(engine, "B")
    with pytest.raises(IdConflict):
        engine.restore(engine.archive(other), workflow_id="x")


def test_there_is_nothing_to_archive(engine: Client) -> None:
    with pytest.raises(UnknownWorkflow):
        engine.archive("nobody")


@pytest.mark.no_keys_left
def test_a_restore_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)
    archive = snapshots(engine, *_case("fork"))[5]

    def scenario(plan: Plan) -> None:
        client.flushall()
        faulty = Client(redis=faulty_client(redis_server, plan))
        try:
            workflow = faulty.restore(archive, workflow_id="once")
        except (Died, ConnectionError):
            workflow = engine.restore(archive, workflow_id="once")
        assert client.llen(engine.keys.all) == 1
        engine.restart(workflow)
        drive(engine, workflow, Player(engine), LifecycleWorker(engine))
        assert engine.state(workflow).state is WorkflowState.FINISHED
        engine.delete(workflow)
        assert not client.keys("workflow:*")
        assert not client.keys("workflows:flow:*")
        client.flushall()

    assert sum(1 for _ in every_fault(scenario)) >= 3


def test_upstreams_archives_are_read(engine: Client) -> None:
    compiled = littleflow.Compiler().compile(littleflow.Parser().parse("A → B → C"))
    at = "2024-05-06T07:08:09.100200+00:00"
    archive = {
        **json.loads(str(compiled)),
        # Newest first: A has ended, B runs.
        "S": [[at, v] for v in ([0, 0, 1, 0, 0], [0, -1, 0, 0, 0], [0, 1, 0, 0, 0],
                                [-1, 0, 0, 0, 0], [1, 0, 0, 0, 0])],
        "A": [[at, v] for v in ([0, 0, -1, 0, 0], [0, 0, 1, 0, 0], [0, -1, 0, 0, 0],
                                [0, 1, 0, 0, 0], [-1, 0, 0, 0, 0], [1, 0, 0, 0, 0])],
    }  # fmt: skip
    workflow = engine.restore(archive)
    states = [step.state for step in engine.state(workflow).steps]
    assert states == [StepState.ENDED, StepState.ENDED, StepState.CANCELLED] + [StepState.IDLE] * 2
    engine.restart(workflow)
    player = Player(engine)
    drive(engine, workflow, player, LifecycleWorker(engine))
    assert [task.name for task in player.played] == ["B", "C"]
    assert engine.wait(workflow, timeout=LONG) == {"C": [3, {"B": [2, {}]}]}
    archive["S"].append([at, [0, 0, 0]])
    with pytest.raises(BadArchive, match="S holds"):
        engine.restore(archive)


def test_a_flow_keeps_its_digest(engine: Client) -> None:
    flow = compile_text("@flow named ;\nA → * { B }")
    workflow = engine.start(flow)
    restored = engine.restore(engine.archive(workflow))
    assert restored.startswith("workflow:named-")
    assert engine.redis.hget(restored, "flow") == engine.redis.hget(workflow, "flow")


@pytest.mark.parametrize("wait", ["wait:event(- event: paid -)", "wait:countdown(- name: n -)"])
def test_waits_begin_anew(engine: Client, wait: str) -> None:
    engine.redis.set(engine.keys.latch + "n", 1)
    hand = Hand(engine, f"{wait} → A", {"x": 1})
    (before,) = engine.waits(hand.workflow)
    archive = engine.archive(hand.workflow)
    engine.terminate(hand.workflow)
    engine.delete(hand.workflow)
    restored = engine.restore(archive)
    engine.restart(restored)
    hand.turn()
    hurry(engine)
    hand.turn()
    (after,) = engine.waits(restored)
    assert (after.state, after.index) == (before.state, before.index)
    engine.send_event("paid", {"output": {}})
    run(engine, "wait:release(- name: n -)")
    worker = LifecycleWorker(engine)
    drive(engine, restored, Player(engine), worker)
    assert engine.state(restored).state is WorkflowState.FINISHED
