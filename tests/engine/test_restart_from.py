"""Restart from a step: it and all that follows begin anew, and nothing else runs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import NotRestartable
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import LONG, RedisServer

from .support import Player, drive, echo, hurry, run
from .test_ends import Hand
from .test_restart import Flaky, names, resume
from .unsettled import Unsettled


def test_the_step_and_what_follows_run_again(engine: Client) -> None:
    text = "A → { B C } → D → E"
    workflow, _ = run(engine, text, {"x": 1}, Flaky("E"))
    player = resume(engine, workflow, Flaky(), from_steps=["B"])
    assert names(player) == ["B", "D", "E"]
    undisturbed, _ = run(engine, text, {"x": 1}, Flaky())
    assert engine.wait(workflow, timeout=LONG) == engine.wait(undisturbed, timeout=LONG)
    counts = {step.name: step.activations for step in engine.state(workflow).steps}
    assert [counts[name] for name in "ABCDE"] == [1, 2, 1, 2, 2]
    (row,) = [row for row in engine.list() if row.id == workflow]
    assert row.done == row.total - 1 or row.done == row.total


@pytest.mark.parametrize("state", ["FINISHED", "TERMINATED"])
def test_whatever_had_become_of_it(engine: Client, state: str) -> None:
    hand = Hand(engine, "A → B → C", {"x": 1})
    for name in "AB" if state == "TERMINATED" else "ABC":
        hand.end(name, name)
    engine.terminate(hand.workflow)
    assert engine.state(hand.workflow).state == state
    assert engine.restart(hand.workflow, from_steps=[1]) is WorkflowState.RUNNING
    assert engine.redis.sismember(engine.keys.running, hand.workflow)
    hand.turn()
    assert hand.tasks["A"].input == {"x": 1}
    assert (hand.states["B"], hand.states["C"]) == (StepState.IDLE, StepState.IDLE)
    for name in "ABC":
        hand.end(name, f"{name} again")
    assert engine.wait(hand.workflow, timeout=LONG) == "C again"
    assert engine.redis.scard(engine.keys.running) == 0


def test_open_attempts_among_them_are_closed_and_others_left(engine: Client) -> None:
    hand = Hand(engine, "{ { A → B } C D } → E")
    hand.end("A", 1)
    old, running = hand.tasks["B"], hand.tasks["C"]
    for task in (old, running):
        engine.transitions.run([engine.transitions.claim_attempt(task, "somebody")])
    hand.send(index=hand.tasks["D"].index, name="D", status="FAILURE", reason="no")
    hand.turn()
    engine.restart(hand.workflow, from_steps=["A"])
    hand.turn()
    hand.tasks["B"] = old
    hand.end("B", "late")
    assert hand.count("late") == 1
    assert hand.tasks["C"] == running
    hand.end("A", 2)
    assert hand.tasks["B"].token != old.token
    for name in "BCD":
        hand.end(name, name)
    assert hand.tasks["E"].input == ["B", "C", "D"]


def test_waiting_inputs_are_those_of_what_had_ended_outside(engine: Client) -> None:
    hand = Hand(engine, "{ A B { C → X } } → D")
    for name in "ABC":
        hand.end(name, name)
    engine.terminate(hand.workflow)
    engine.restart(hand.workflow, from_steps=["A", "C"])
    hand.turn()
    for name in "XAC":
        assert hand.states["D"] is StepState.IDLE
        if name == "X":
            continue
        hand.end(name, name + name)
    hand.end("X", "X")
    assert hand.tasks["D"].input == ["AA", "B", "X"]


@pytest.mark.parametrize(
    ("text", "step", "inputs"),
    [
        ("? `$[?(@.x=1)]` A → B", 0, [{"x": 1}]),
        ("A(- $retry: {limit: 1, delay: 0} -) → B", 0, [{"x": 1}]),
        ("<[1, 2, 3]> → * A → B", 1, [1, 2, 3]),
        ("{ ? `$[?(@.x=1)]` A } → B", 1, [{"x": 1}]),
    ],
)
def test_what_is_over_at_once_gives_its_output(
    engine: Client, text: str, step: int, inputs: list[Any]
) -> None:
    """Restarted from the start or from a literal, the first task was skipped, ran once on `{}`
    instead of once per item, or was retried with `{}`: the new output of what was over at once was
    stored, and then deleted as that of the run before.
    """
    played: list[StartTask] = []

    def play(task: StartTask) -> Any:
        played.append(task)
        if task.name == "A" and "$retry" in text and task.token.split(".")[1].startswith("1-"):
            raise RuntimeError("broken")
        return echo(task)

    workflow, _ = run(engine, text, {"x": 1}, play)
    once, played = played, []
    resume(engine, workflow, play, from_steps=[step])
    assert [(task.name, task.input) for task in played] == [
        (task.name, task.input) for task in once
    ]
    assert [task.input for task in played if task.name == "A"][-len(inputs) :] == inputs


def test_a_step_that_follows_from_another_runs_once(engine: Client) -> None:
    workflow, _ = run(engine, "A → B → C", {"x": 1}, Flaky("C"))
    player = resume(engine, workflow, Flaky(), from_steps=["B", 1, "A"])
    assert names(player) == ["A", "B", "C"]


@pytest.mark.parametrize("text", ["A → * B → C", "A → * { X → { B D } → > Y } → C"])
def test_iterations_begin_anew_as_a_whole(engine: Client, text: str) -> None:
    size = {"A": 5}

    def play(task: StartTask) -> Any:
        if task.name == "A":
            return list(range(size["A"]))
        if task.name == "B" and size["A"] == 5 and "3" in str(task.input):
            raise RuntimeError("broken")
        return {task.name: task.input}

    workflow, _ = run(engine, text, {"x": 1}, play)
    assert engine.state(workflow).state is WorkflowState.FAILED
    size["A"] = 2
    player = resume(engine, workflow, play, from_steps=["A"])
    assert names(player).count("B") == 2
    fresh, _ = run(engine, text, {"x": 1}, play)
    assert engine.wait(workflow, timeout=LONG) == engine.wait(fresh, timeout=LONG)
    engine.delete(workflow)
    engine.delete(fresh)
    assert engine.redis.keys("workflow:*") == []


LOOP = "Begin → ? `$[?(@.n<3)]` { A → { Add B } → > C → :start } → Done"


@pytest.mark.parametrize("broken", ["A", "Add", "B", "C", "Done"])
@pytest.mark.parametrize("begin", ["A", "Add", "B", "C", "Begin", None])
def test_loops_keep_their_counts(engine: Client, broken: str, begin: str | None) -> None:
    mended = False

    def play(task: StartTask) -> Any:
        if task.name == broken and not mended and (broken == "Done" or task.token[0] == "2"):
            raise RuntimeError("broken")
        if task.name == "B":
            return {}
        return {"n": task.input["n"] + 1} if task.name == "Add" else task.input

    workflow, _ = run(engine, LOOP, {"n": 0}, play)
    assert engine.state(workflow).state is WorkflowState.FAILED
    mended = True
    order = {"Begin": 0, "A": 1, "Add": 2, "B": 2, "C": 3, "Done": 4}
    if begin is not None and order[begin] > order[broken]:
        with pytest.raises(NotRestartable, match="restart from a step before it"):
            engine.restart(workflow, from_steps=[begin])
        return
    resume(engine, workflow, play, from_steps=[begin] if begin else [])
    assert engine.wait(workflow, timeout=LONG) == {"n": 3}
    view = engine.state(workflow)
    rounds = {step.name: step.activations for step in view.steps}
    if begin is None:
        assert [rounds[name] for name in order] == [1, 3, 3, 3, 3, 1]
    assert all(not step.waiting for step in view.steps)
    raw = engine.redis.hgetall(f"{workflow}:steps")
    assert not [name for name in raw if name[:1] in (b"t", b"b")]


def test_a_round_that_was_about_to_begin_is_undone(engine: Client) -> None:
    hand = Hand(Unsettled(redis=engine.redis), "? `$[?(@.n<3)]` { A → :start } → Done", {"n": 0})
    hurry(engine)
    hand.turn()
    hand.end("A", {"n": 1})
    engine.terminate(hand.workflow)
    engine.restart(hand.workflow, from_steps=["A"])
    hand.turn()
    hand.end("A", {"n": 2})
    hurry(engine)
    hand.turn()
    assert hand.tasks["A"].input == {"n": 2}
    hand.end("A", {"n": 3})
    hurry(engine)
    hand.turn()
    hand.end("Done", "done")
    assert engine.wait(hand.workflow, timeout=LONG) == "done"


@pytest.mark.parametrize(
    ("steps", "options", "message"),
    [
        (["Z"], {}, "no step is called 'Z'"),
        (["Ax"], {}, "did you mean A"),
        ([99], {}, "the last one is"),
        ([-1], {}, "no step -1"),
        # Python reads no number of so many digits: it was a ValueError.
        (["9" * 5_000], {}, "no step is called '9999"),
        (["B"], {}, "several steps are called 'B': name one by its index, 3, 4"),
        (["C"], {}, r"step 6 \(C\) waits for step 5 \(subflow-end\)"),
        ([], {"input": 1}, "an input is for a step"),
        (["A", 2], {"input": 1}, "an input is for one step"),
    ],
)
def test_what_cannot_be_named(engine: Client, steps: Any, options: Any, message: str) -> None:
    workflow, _ = run(engine, "A → { B B } → C", {}, Flaky("B"))
    with pytest.raises(NotRestartable, match=message):
        engine.restart(workflow, from_steps=steps, **options)
    assert engine.state(workflow).state is WorkflowState.FAILED


def test_a_step_under_an_iteration_is_not_one(engine: Client) -> None:
    workflow, _ = run(engine, "A → * { B → C }", {}, Flaky("C"))
    with pytest.raises(NotRestartable, match="restart from its iteration, step 2"):
        engine.restart(workflow, from_steps=["C"])


def test_only_what_stopped(engine: Client) -> None:
    with pytest.raises(NotRestartable, match="is RUNNING"):
        engine.restart(engine.start("A"), from_steps=[1])


def test_a_restart_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)
    text = "A → { B > C } → > D → E"

    def scenario(plan: Plan) -> None:
        client.flushall()
        workflow, _ = run(engine, text, {"x": 1}, Flaky("E"))
        with suppress(Died, ConnectionError):
            faulty = Client(redis=faulty_client(redis_server, plan))
            faulty.restart(workflow, from_steps=["C"], input={"y": 1})
        if engine.state(workflow).state is WorkflowState.FAILED:
            engine.restart(workflow, from_steps=["C"], input={"y": 1})
        drive(engine, workflow, Player(engine, Flaky()), LifecycleWorker(engine))
        counts = {step.name: step.activations for step in engine.state(workflow).steps}
        assert [counts[name] for name in "ABCDE"] == [1, 1, 2, 2, 2]
        assert engine.wait(workflow, timeout=LONG)["E"]["D"]["C"] == {"y": 1}
        assert client.zcard(engine.keys.timers) == client.hlen(engine.keys.open_attempts) == 0

    assert sum(1 for _ in every_fault(scenario)) >= 12
