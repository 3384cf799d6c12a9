"""`* A` and `* { … }`: once per item, outputs in item order."""

from __future__ import annotations

import time
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, start_task
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Player, drive, run


def double(task: StartTask) -> Any:
    return task.input * 2 if isinstance(task.input, int) else task.input


def test_one_activation_per_item_gathered_in_order(engine: Client) -> None:
    workflow, player = run(engine, "* A → B", [3, 1, 2], double)
    assert [task.token.partition("-")[0] for task in player.played[:3]] == [
        "1.1.0", "1.1.1", "1.1.2",
    ]  # fmt: skip
    assert player.played[-1].input == [6, 2, 4]
    assert engine.wait(workflow, timeout=LONG) == [6, 2, 4]


def test_an_object_is_one_item(engine: Client) -> None:
    workflow, _ = run(engine, "* A", {"x": 1}, lambda task: task.input)
    assert engine.wait(workflow, timeout=LONG) == [{"x": 1}]


def test_an_empty_list_passes(engine: Client) -> None:
    workflow, player = run(engine, "* A → B", [], lambda task: task.input)
    assert [task.name for task in player.played] == ["B"]
    assert engine.wait(workflow, timeout=LONG) == []
    assert engine.state(workflow).steps[1].state is StepState.SKIPPED


def test_nulls_keep_their_place(engine: Client) -> None:
    workflow, _ = run(engine, "* A", [1, 2], lambda task: None)
    assert engine.wait(workflow, timeout=LONG) == [None, None]


def test_a_subflow_runs_once_per_item(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        return [task.name, task.input] if task.name != "E" else task.input

    workflow, _ = run(engine, "* { B → { C D } } → E", [1, 2], play)
    assert engine.wait(workflow, timeout=LONG) == [
        [["C", ["B", 1]], ["D", ["B", 1]]],
        [["C", ["B", 2]], ["D", ["B", 2]]],
    ]


def test_an_empty_list_passes_a_subflow(engine: Client) -> None:
    workflow, player = run(engine, "* { A → B } → C", [], lambda task: task.input)
    assert [task.name for task in player.played] == ["C"]
    assert engine.wait(workflow, timeout=LONG) == []


def test_iterations_nest(engine: Client) -> None:
    workflow, _ = run(engine, "* { * A → B } → C", [[1, 2], [], [3]], double)
    assert engine.wait(workflow, timeout=LONG) == [[2, 4], [], [6]]


def test_a_failing_item_fails_the_step_and_the_workflow(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        if task.input == 2:
            raise ValueError("two")
        return task.input

    workflow, _ = run(engine, "* A → B", [1, 2, 3], play)
    view = engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert view.steps[1].state is StepState.FAILED
    assert view.reasons == ("step 1 (A): item 1: ValueError: two",)
    assert view.steps[2].state is StepState.IDLE


def test_no_more_items_are_open_than_concurrency_allows(engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine, double)
    worker.reader.ensure()
    workflow = engine.start("* A(- $concurrency: 3 -)", list(range(10)))
    most = 0
    while not engine.state(workflow).state.ended:
        most = max(most, engine.redis.hlen(engine.keys.open_attempts))
        entries = player.reader.read(1)
        for entry in entries:
            if entry.fields[b"kind"] == b'"start-task"':
                player.serve(start_task(entry.id, entry.fields))
        player.reader.ack([entry.id for entry in entries])
        worker.turn()
    assert most == 3
    assert engine.wait(workflow, timeout=LONG) == [2 * n for n in range(10)]


@pytest.mark.parametrize("options", ["", "(- $on-failure: continue -)"])
def test_items_without_an_echoed_token_fail_the_step_and_say_why(
    engine: Client, options: str
) -> None:
    """With `$on-failure: continue` the workflow stood still for ever: each such end gave the next
    step a token, nothing fired, and the items stayed open.
    """
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    workflow = engine.start(f"* A{options} → B", [1])
    engine.redis.xadd(
        engine.keys.events,
        {"kind": '"end-task"', "workflow": f'"{workflow}"', "index": "1", "name": '"A"'},
    )
    worker.turn()
    view = engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert "must echo the field 'token'" in view.reasons[0]
    assert (view.steps[1].state, view.steps[2].state) == (StepState.FAILED, StepState.IDLE)
    assert engine.redis.scard(engine.keys.running) == 0


def test_nothing_is_left_of_a_deleted_iteration(engine: Client) -> None:
    workflow, _ = run(engine, "* { A → * B }", [[1, 2], [3]], lambda task: task.input)
    engine.delete(workflow)
    assert not engine.redis.keys("workflow:*")


@pytest.mark.timeout(300)
def test_many_items_cost_linear_time(engine: Client) -> None:
    def cost(items: int) -> float:
        engine.redis.flushall()
        worker, player = LifecycleWorker(engine), Player(engine, double)
        worker.reader.ensure()
        workflow = engine.start("* A", list(range(items)))
        began = time.process_time(), engine.redis.info("cpu")["used_cpu_user"]
        drive(engine, workflow, player, worker)
        ended = time.process_time(), engine.redis.info("cpu")["used_cpu_user"]
        assert engine.wait(workflow, timeout=LONG) == [2 * n for n in range(items)]
        return sum(ended) - sum(began)

    small, large = cost(500), cost(5_000)
    assert large / 10 < 1.7 * small, "an item costs more the more there are"
