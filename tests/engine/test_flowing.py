"""How a workflow flows: firing, inputs, joins, merges, the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.language import Flow, compile_text
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG, next_millisecond

from .support import Player, run


def name(task: StartTask) -> Any:
    return {task.name: True}


def test_a_chain_hands_each_output_to_the_next_step(engine: Client) -> None:
    workflow, player = run(engine, "A → B → C", {"x": 1}, lambda task: {"from": task.name})
    assert [(task.name, task.input) for task in player.played] == [
        ("A", {"x": 1}),
        ("B", {"from": "A"}),
        ("C", {"from": "B"}),
    ]
    assert engine.wait(workflow, timeout=LONG) == {"from": "C"}


def test_a_join_takes_outputs_by_ascending_step(engine: Client) -> None:
    _, player = run(engine, "A → { B C D } → E", play=lambda task: task.name)
    assert player.played[-1].input == ["B", "C", "D"]


def test_a_join_keeps_the_place_of_every_output(engine: Client) -> None:
    outputs = {"B": {}, "C": None, "D": []}
    _, player = run(engine, "A → { B C D } → E", play=lambda task: outputs.get(task.name, 1))
    assert player.played[-1].input == [{}, None, []]


@pytest.mark.parametrize("value", [0, 1.5, "", "text", False, [], [1, [2]], {"a": {"b": []}}])
def test_any_json_value_is_an_output(engine: Client, value: Any) -> None:
    workflow, player = run(engine, "A → B", play=lambda task: value)
    assert player.played[1].input == value
    assert engine.wait(workflow, timeout=LONG) == value


def test_a_merge_makes_one_object(engine: Client) -> None:
    _, player = run(engine, "{ A B } → > C", play=name)
    assert player.played[-1].input == {"A": True, "B": True}


def test_a_merge_of_something_else_fails_the_step_and_says_so(engine: Client) -> None:
    workflow, _ = run(engine, "{ A B } → > C", play=lambda task: task.name)
    view = engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert [step.name for step in view.steps if step.state is StepState.FAILED] == ["C"]
    assert "merge" in view.reasons[0]


def test_a_literal_is_an_input(engine: Client) -> None:
    _, player = run(engine, '<{ "a": [] }> → A', play=name)
    assert player.played[0].input == {"a": []}


def test_default_input_is_merged_under_the_given_one(engine: Client) -> None:
    text = "@flow sums (- {a: 1, b: 2} -)\nA"
    workflow, player = run(engine, text, {"b": 3})
    assert player.played[0].input == {"a": 1, "b": 3}
    assert workflow.startswith("workflow:sums-")


def test_parameters_reach_the_task_without_those_of_the_engine(engine: Client) -> None:
    _, player = run(engine, "@task A = math:add\nA(- {x: 1, $bind: whole} -)", play=name)
    (task,) = player.played
    assert (task.name, task.base, task.parameters) == ("A", "math:add", {"x": 1})
    assert task.options == {"$bind": "whole"}


def test_a_failure_fails_the_workflow_with_its_reason(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        raise ZeroDivisionError("division by zero")

    workflow, player = run(engine, "A → B", play=play)
    assert [task.name for task in player.played] == ["A"]
    with pytest.raises(WorkflowFailed, match=r"step 1 .A.: ZeroDivisionError: division by zero"):
        engine.wait(workflow, timeout=LONG)


def test_what_runs_when_a_workflow_fails_may_end_and_is_recorded(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        if task.name == "B":
            raise ValueError("no")
        return task.name

    workflow, _ = run(engine, "A → { B C } → D", play=play)
    states = {step.name: step.state for step in engine.state(workflow).steps}
    assert states["C"] is StepState.ENDED
    assert states["D"] is StepState.IDLE
    assert engine.views.outputs(workflow, [4]) == ["C"]


def test_the_first_firing_of_the_end_cancels_what_is_open(engine: Client) -> None:
    # B leads back to the start only: the end needs A alone.
    worker, player = LifecycleWorker(engine), Player(engine, lambda task: task.name)
    worker.reader.ensure()
    workflow = engine.start("A → :end ; B → :start")
    while not engine.state(workflow).state.ended:
        player.turn()
        worker.turn()
    steps = {step.name: step for step in engine.state(workflow).steps}
    assert steps["B"].state is StepState.CANCELLED
    assert engine.redis.hlen(engine.keys.open_attempts) == 0


def stuck() -> Flow:
    """A flow in which nothing leads to B, so that C never has all its inputs."""
    flow = compile_text("A → C")
    orphan = replace(flow[1], index=2, name="B", base="B", predecessors=(), successors=(3,))
    join = replace(flow[2], index=3, predecessors=(1, 2), successors=(4,))
    end = replace(flow[3], index=4, predecessors=(3,))
    return replace(flow, steps=(flow[0], replace(flow[1], successors=(3,)), orphan, join, end))


def test_a_flow_that_cannot_go_on_says_what_it_waits_for(engine: Client) -> None:
    workflow, _ = run(engine, stuck())
    view = engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert view.reason == "stalled: step 3 (C) has 1 of 2 inputs"


def test_a_restart_that_fails_at_once_tells_so_again(engine: Client) -> None:
    """It stayed among the workflows in progress, with its end of before, and nobody was told:
    the script saw it FAILED before and FAILED after.
    """
    workflow, _ = run(engine, stuck())
    before = engine.state(workflow)
    told = engine.redis.xlen(engine.keys.events)
    next_millisecond()
    assert engine.restart(workflow) is WorkflowState.FAILED
    after = engine.state(workflow)
    assert (after.state, after.reason) == (before.state, before.reason)
    assert before.ended is not None
    assert after.ended is not None
    assert after.ended > before.ended
    assert engine.redis.scard(engine.keys.running) == 0
    assert engine.redis.zcard(engine.keys.ended + "FAILED") == 1
    (last,) = engine.redis.xrevrange(engine.keys.events, count=1)
    assert last[1][b"kind"] == b'"failed-workflow"'
    assert engine.redis.xlen(engine.keys.events) == told + 1
    assert [e.what for e in engine.trace(workflow)][-2:] == ["RUNNING", "FAILED"]


def test_progress_is_counted(engine: Client) -> None:
    workflow, _ = run(engine, "A → B")
    (row,) = engine.list()
    assert (row.id, row.done, row.total) == (workflow, 4, 4)
    assert engine.list(state="FINISHED") == [row]
    assert engine.list(state="RUNNING") == []
