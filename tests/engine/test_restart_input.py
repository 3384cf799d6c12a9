"""Restart from a step with another input: what that step gets, and for how long."""

from __future__ import annotations

from typing import Any

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask
from tests.support import LONG

from .support import echo, run
from .test_restart import Flaky, resume


def test_an_input_is_that_of_the_step_and_of_its_retries(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        if task.name == "B" and not task.token.startswith("2.2-"):
            raise RuntimeError("broken")
        return echo(task)

    text = "A → B(- {$retry: {limit: 1, delay: 0}} -) → C"
    workflow, _ = run(engine, text, {"x": 1}, play)
    player = resume(engine, workflow, play, from_steps=["B"], input={"better": 1})
    assert [task.input for task in player.played if task.name == "B"] == [{"better": 1}] * 2
    assert engine.wait(workflow, timeout=LONG) == {"C": [3, {"B": [2, {"better": 1}]}]}
    # Another restart from there without an input takes what the steps before gave.
    player = resume(engine, workflow, echo, from_steps=["B"])
    assert [task.input for task in player.played if task.name == "B"] == [{"A": [1, {"x": 1}]}]


def test_an_input_is_kept_by_a_restart_of_the_same_activation(engine: Client) -> None:
    workflow, _ = run(engine, "A → B", {"x": 1}, Flaky("B"))
    resume(engine, workflow, Flaky("B"), from_steps=["B"], input=[5])
    archive = engine.archive(workflow)
    player = resume(engine, workflow, Flaky())
    assert [task.input for task in player.played] == [[5]]
    player = resume(engine, engine.restore(archive), Flaky())
    assert [task.input for task in player.played] == [[5]]


def test_an_input_passes_merge_and_guard_and_iteration(engine: Client) -> None:
    workflow, _ = run(engine, "A → > ? `$[?(@.go=1)]` B", {}, Flaky("B"))
    player = resume(engine, workflow, Flaky(), from_steps=["B"], input=[{"go": 1}, {"x": 2}])
    assert [task.input for task in player.played] == [{"go": 1, "x": 2}]
    workflow, _ = run(engine, "A → * B → C", {}, lambda task: [1, 2])
    player = resume(engine, workflow, echo, from_steps=["B"], input=[7, 8, 9])
    assert [t.input for t in player.played if t.name == "B"] == [7, 8, 9]


def test_null_is_an_input(engine: Client) -> None:
    workflow, _ = run(engine, "A → B → C", {"x": 1}, Flaky("B"))
    player = resume(engine, workflow, Flaky("B"), from_steps=["B"], input=None)
    assert [task.input for task in player.played] == [None]
    archive = engine.archive(workflow)
    for again in (workflow, engine.restore(archive)):
        player = resume(engine, again, echo)
        assert [task.input for task in player.played] == [None, {"B": [2, None]}]
