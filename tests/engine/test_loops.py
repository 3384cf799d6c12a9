"""`→ :start`: rounds, while loops by guards, room for overlapping rounds."""

from __future__ import annotations

from typing import Any

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Player, run


def count(task: StartTask) -> Any:
    return {"n": task.input["n"] + 1} if task.name == "Add" else task.input


def test_a_guarded_subflow_is_a_while_loop(engine: Client) -> None:
    text = "Begin → ? `$[?(@.n<5)]` { Add → :start } → Done"
    workflow, player = run(engine, text, {"n": 0}, count)
    assert [task.name for task in player.played] == ["Begin", *["Add"] * 5, "Done"]
    assert engine.wait(workflow, timeout=LONG) == {"n": 5}
    steps = {step.name: step for step in engine.state(workflow).steps}
    assert steps["Add"].activations == 5
    assert steps["Done"].activations == 1


def test_each_round_has_tokens_of_its_own(engine: Client) -> None:
    text = "? `$[?(@.n<3)]` { Add → :start } → Done"
    _, player = run(engine, text, {"n": 0}, count)
    tokens = [task.token.partition("-")[0] for task in player.played]
    assert tokens == ["1.1", "2.1", "3.1", "1.1"]


def test_a_whole_flow_runs_round_after_round(engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine, count)
    worker.reader.ensure()
    workflow = engine.start("Add → :start", {"n": 0})
    while len(player.played) < 10:
        player.turn()
        worker.turn()
    assert [task.input["n"] for task in player.played] == list(range(10))
    engine.terminate(workflow)
    engine.terminate(workflow)
    assert engine.state(workflow).steps[1].state is StepState.CANCELLED


def test_a_join_in_a_round_waits_for_all_that_comes_back(engine: Client) -> None:
    text = "? `$[?(@.n<3)]` { A → { Add B } → > C → :start } → Done"
    workflow, _ = run(
        engine, text, {"n": 0}, lambda task: None if task.name == "B" else count(task)
    )
    assert engine.wait(workflow, timeout=LONG) == {"n": 3}
    rounds = {step.name: step.activations for step in engine.state(workflow).steps}
    assert [rounds[name] for name in ("A", "Add", "B", "C")] == [3, 3, 3, 3]


def test_rounds_that_overlap_end_each_as_itself(engine: Client) -> None:
    """Two rounds of a step were open, and the end of the first stood in the trace as that of the
    second: `inspect --attempts` showed one attempt open for ever and the other ended twice.
    """
    worker, player = LifecycleWorker(engine), Player(engine, count)
    slow: list[StartTask] = []
    end = player.end
    player.end = lambda task: slow.append(task) if task.name == "Slow" else end(task)  # type: ignore[method-assign]
    worker.reader.ensure()
    workflow = engine.start("Add → :start; Slow → Wait → :end", {"n": 0})
    while len(slow) < 2:
        player.turn()
        worker.turn()
    for task in slow[:2]:
        end(task)
    worker.turn()
    index = next(step.index for step in engine.state(workflow).steps if step.name == "Slow")
    ended = [a for a in engine.attempts(workflow) if a.index == index and a.ended]
    assert [(a.activation, a.number) for a in ended] == [(1, 1), (2, 1)]
