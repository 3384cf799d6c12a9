"""Restart: what failed or was cancelled starts again, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import NotRestartable
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Player, drive, run
from .test_ends import Hand


class Flaky:
    """Fails the named steps until it is mended."""

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)

    def __call__(self, task: StartTask) -> Any:
        if task.name in self.broken:
            raise RuntimeError("broken")
        return {task.name: task.input}


def resume(engine: Client, workflow: str, play: Any, **options: Any) -> Player:
    worker, player = LifecycleWorker(engine), Player(engine, play)
    while player.turn() + worker.turn():
        pass
    player.played.clear()
    engine.restart(workflow, **options)
    drive(engine, workflow, player, worker)
    return player


def names(player: Player) -> list[str]:
    return sorted(task.name for task in player.played)


def test_only_what_had_not_ended_runs_again(engine: Client) -> None:
    text = "A → { B C D } → E"
    undisturbed, _ = run(engine, text, {"x": 1}, Flaky())
    workflow, _ = run(engine, text, {"x": 1}, Flaky("C"))
    assert engine.state(workflow).state is WorkflowState.FAILED
    player = resume(engine, workflow, Flaky())
    assert names(player) == ["C", "E"]
    assert engine.wait(workflow, timeout=LONG) == engine.wait(undisturbed, timeout=LONG)
    assert [step.activations for step in engine.state(workflow).steps] == [1] * 9
    assert engine.state(workflow).steps[4].attempts == 2
    assert engine.redis.scard(engine.keys.running) == 0


class Overtaken(Client):
    """A program that is slower than the workers: they end its workflow before it goes on."""

    def settle(self, report: Report) -> list[Report]:
        reports = super().settle(report)
        drive(self, report.workflow, Player(self, Flaky()), LifecycleWorker(self))
        return reports


def test_the_state_that_is_told_is_the_one_it_left(engine: Client) -> None:
    workflow, _ = run(engine, "A", {}, Flaky("A"))
    assert Overtaken(redis=engine.redis).restart(workflow) is WorkflowState.RUNNING
    assert engine.state(workflow).state is WorkflowState.FINISHED
    assert engine.terminate(workflow) is WorkflowState.FINISHED


def test_steps_that_became_ready_while_failed_were_held(engine: Client) -> None:
    hand = Hand(engine, "A → { { B → C } D } → E")
    hand.end("A", 1)
    hand.send(index=hand.tasks["D"].index, name="D", status="FAILURE", reason="no")
    hand.turn()
    hand.end("B", 2)
    assert hand.states["C"] is StepState.IDLE
    engine.restart(hand.workflow)
    hand.turn()
    assert hand.states["C"] is StepState.QUEUED
    assert hand.states["D"] is StepState.QUEUED
    for name in "CDE":
        hand.end(name, name)
    assert engine.wait(hand.workflow, timeout=LONG) == "E"


def test_what_still_runs_is_left_alone(engine: Client) -> None:
    hand = Hand(engine, "{ A B } → C")
    running = hand.tasks["A"]
    engine.transitions.run([engine.transitions.claim_attempt(running, "somebody")])
    hand.send(index=3, name="B", status="FAILURE", reason="no")
    hand.turn()
    engine.restart(hand.workflow)
    hand.turn()
    assert hand.tasks["A"].token == running.token
    hand.end("A", 1)
    hand.end("B", 2)
    assert hand.tasks["C"].input == [1, 2]


def test_all_restarts_what_still_runs_too(engine: Client) -> None:
    hand = Hand(engine, "{ A B } → C")
    running = hand.tasks["A"]
    hand.send(index=3, name="B", status="FAILURE", reason="no")
    hand.turn()
    engine.restart(hand.workflow, all=True)
    hand.turn()
    assert hand.tasks["A"].token != running.token
    hand.send(index=2, name="A", token=running.token)
    hand.turn()
    assert hand.count("late") == 1


def test_a_terminated_workflow_goes_on_with_all_that_is_unfinished(engine: Client) -> None:
    hand = Hand(engine, "A → { B C } → > D")
    hand.end("A", 1)
    hand.end("B", {"b": 1})
    engine.terminate(hand.workflow)
    engine.terminate(hand.workflow)
    engine.restart(hand.workflow)
    hand.turn()
    assert hand.states["B"] is StepState.ENDED
    hand.end("C", {"c": 1})
    assert hand.tasks["D"].input == {"b": 1, "c": 1}


def test_a_retry_delay_that_was_cancelled_starts_again_with_a_fresh_budget(engine: Client) -> None:
    hand = Hand(engine, "A(- $retry: {limit: 1, delay: 1000} -)")
    hand.send(index=1, name="A", status="FAILURE", reason="no")
    hand.turn()
    engine.terminate(hand.workflow)
    assert hand.states["A"] is StepState.CANCELLED
    engine.restart(hand.workflow)
    hand.turn()
    hand.send(index=1, name="A", status="FAILURE", reason="no")
    hand.turn()
    assert hand.states["A"] is StepState.RETRYING


def test_a_failed_merge_is_tried_again(engine: Client) -> None:
    hand = Hand(engine, "{ A B } → > C")
    hand.end("A", {"a": 1})
    hand.end("B", "no object")
    assert hand.states["C"] is StepState.FAILED
    engine.redis.set(engine.keys.output(hand.workflow, 3), '{"b": 2}')
    # The join's own output was made of the old one.
    engine.redis.set(engine.keys.output(hand.workflow, 4), '[{"a": 1}, {"b": 2}]')
    engine.restart(hand.workflow)
    hand.turn()
    assert hand.tasks["C"].input == {"a": 1, "b": 2}


@pytest.mark.parametrize("text", ["* A → B", "* { X → A } → B"])
def test_only_missing_items_run_again(engine: Client, text: str) -> None:
    def flaky(task: StartTask) -> Any:
        if task.name == "A" and task.input in (2, 5):
            raise RuntimeError("broken")
        return task.input

    text = text.replace("* ", "* ", 1)
    workflow, first = run(engine, text, list(range(8)), flaky)
    assert engine.state(workflow).state is WorkflowState.FAILED
    player = resume(engine, workflow, lambda task: task.input)
    again = sorted(task.input for task in player.played if task.name == "A")
    assert set(again) >= {2, 5}
    done = [task.input for task in first.played if task.name == "A" and task.input not in (2, 5)]
    assert not set(done) & set(again)
    assert engine.wait(workflow, timeout=LONG) == list(range(8))


def test_an_iteration_goes_on_in_slices(engine: Client) -> None:
    def flaky(task: StartTask) -> Any:
        if task.input == 3:
            raise RuntimeError("broken")
        return task.input

    workflow, _ = run(engine, "* A(- $concurrency: 2 -)", list(range(10)), flaky)
    resume(engine, workflow, lambda task: task.input)
    assert engine.wait(workflow, timeout=LONG) == list(range(10))


def test_only_failed_and_terminated_workflows_restart(engine: Client) -> None:
    workflow, _ = run(engine, "A")
    with pytest.raises(NotRestartable, match="is FINISHED"):
        engine.restart(workflow)
    with pytest.raises(NotRestartable, match="is RUNNING"):
        engine.restart(engine.start("A"))


def test_counters_are_exact_after_restarts_in_a_loop(engine: Client) -> None:
    broken = {"at": 2}

    def play(task: StartTask) -> Any:
        if task.name == "Add" and task.input["n"] == broken["at"]:
            raise RuntimeError("broken")
        return {"n": task.input["n"] + 1} if task.name == "Add" else task.input

    workflow, _ = run(engine, "? `$[?(@.n<5)]` { Add → :start } → Done", {"n": 0}, play)
    assert engine.state(workflow).state is WorkflowState.FAILED
    broken["at"] = -1
    resume(engine, workflow, play)
    steps = {step.name: step for step in engine.state(workflow).steps}
    assert engine.wait(workflow, timeout=LONG) == {"n": 5}
    assert (steps["Add"].activations, steps["Done"].activations) == (5, 1)
