"""A join is a list of as many values as it has predecessors, in the order of the text."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.tasks.local import run_local
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Player, drive, run

#: text, outputs of the steps A to D by name, what the step `last` gets
JOINS: list[tuple[str, dict[str, Any], Any]] = [
    ("A → last", {"A": None}, None),
    ("A → last", {"A": {}}, {}),
    ("{ A B } → last", {"A": None, "B": None}, [None, None]),
    ("{ A B } → last", {"A": {}, "B": {}}, [{}, {}]),
    ("{ A B C } → last", {"A": 1, "B": {}, "C": None}, [1, {}, None]),
    ("A|B → last", {"A": [], "B": ""}, [[], ""]),
    # What is skipped passes its input on.
    ("A → { ? `$.no` B C } → last", {"A": {"a": 1}, "C": None}, [{"a": 1}, None]),
    ("A → ? `$.no` B → last", {"A": None}, None),
    ("A → { ? `$.no` { B → D } C } → last", {"A": {}, "C": 3}, [{}, 3]),
    # Labels: in the order of the text, whichever ends first.
    ("A → :x; B → :x; :x → last", {"A": {}, "B": 2}, [{}, 2]),
    ("{ A B } → > last", {"A": None, "B": {"b": 1}}, {"b": 1}),
    ("{ A B } → > last", {"A": None, "B": {}}, {}),
    ("A → > last", {"A": None}, {}),
    ("A → * B → last", {"A": [1, 2, 3], "B": None}, [None, None, None]),
    ("A → * { B C } → last", {"A": [1, 2], "B": None, "C": {}}, [[None, {}], [None, {}]]),
    ("A → wait:delay(- duration: 0 -) → last", {"A": None}, None),
    ("<- null -> → last", {}, None),
    ("<> → last", {}, {}),
]


def given_to_last(player: Player) -> Any:
    (last,) = (task.input for task in player.played if task.name == "last")
    return last


@pytest.mark.parametrize(("text", "outputs", "expected"), JOINS)
def test_every_output_has_its_place(
    engine: Client, text: str, outputs: dict[str, Any], expected: Any
) -> None:
    def play(task: StartTask) -> Any:
        return task.input if task.name == "last" else outputs[task.name]

    workflow, player = run(engine, text, play=play)
    assert given_to_last(player) == expected
    assert engine.wait(workflow, timeout=LONG) == expected


@pytest.mark.parametrize(("text", "outputs", "expected"), JOINS)
def test_a_local_run_gives_the_same(text: str, outputs: dict[str, Any], expected: Any) -> None:
    tasks: dict[str, Any] = {
        name: (lambda *args, _output=output, **kwargs: _output) for name, output in outputs.items()
    }
    whole = text.replace("last", "last(- $bind: whole -)")
    assert run_local(whole, tasks | {"last": lambda value: value}) == expected


def test_the_end_has_an_output_of_every_statement(engine: Client) -> None:
    workflow, _ = run(engine, "A\nB", play=lambda task: None)
    assert engine.wait(workflow, timeout=LONG) == [None, None]


def test_in_a_loop_only_the_edges_of_a_round_count(engine: Client) -> None:
    outputs = {"A": None, "B": {}}
    worker, player = LifecycleWorker(engine), Player(engine, lambda task: outputs[task.name])
    worker.reader.ensure()
    workflow = engine.start("A → :start; B → :start", 1)
    while len(player.played) < 6:
        player.turn()
        worker.turn()
    inputs = [task.input for task in player.played if task.name == "A"]
    assert inputs[:3] == [1, [None, {}], [None, {}]]
    engine.terminate(workflow)
    engine.terminate(workflow)


def test_a_round_of_one_edge_gets_its_output(engine: Client) -> None:
    text = "? `$[?(@.go=true)]` { A → :start } → last"
    outputs = iter([{"go": True}, None])
    _, player = run(
        engine, text, {"go": True}, lambda task: next(outputs) if task.name == "A" else 0
    )
    assert given_to_last(player) is None


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"A": 1, "B": {}, "C": None}, 1),
        ({"A": 1, "B": {}, "C": 3}, [1, 3]),
        ({"A": {}, "B": None, "C": {}}, {}),
    ],
)
def test_a_run_of_form_1_keeps_its_rule(
    engine: Client, outputs: dict[str, Any], expected: Any
) -> None:
    engine.transitions.version = 1
    workflow, player = run(
        engine, "{ A B C } → last", play=lambda task: outputs.get(task.name, task.input)
    )
    assert given_to_last(player) == expected
    assert {task.bind for task in player.played} == {"spread"}
    assert engine.state(workflow).state is WorkflowState.FINISHED


def test_a_restart_from_a_step_keeps_the_rule_of_its_run(engine: Client) -> None:
    engine.transitions.version = 1
    outputs: dict[str, Any] = {"A": 1, "B": {}}
    workflow, _ = run(engine, "{ A B } → last", play=lambda task: outputs.get(task.name))
    engine.transitions.version = 2
    engine.restart(workflow, from_steps=["last"])
    player, worker = Player(engine, lambda task: task.input), LifecycleWorker(engine)
    drive(engine, workflow, player, worker)
    assert engine.wait(workflow, timeout=LONG) == 1


def test_start_tasks_say_who_stands_at_the_start(engine: Client) -> None:
    text = "A → { B C }\n{ D { E } }\n* F\n? `$` { G }\n<> → H\n> I"
    _, player = run(engine, text, play=lambda task: {})
    begins = {task.name for task in player.played if task.begins}
    assert begins == {"A", "D", "E", "G", "I"}
    assert {task.bind for task in player.played} == {"auto"}
