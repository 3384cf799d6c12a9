"""Rounds that overlap: each activation gets its own input, however late it asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.engine.operations.reconcile import Reconciler, republish_unpublished
from littleflow_redis.engine.store.keys import ITEMS
from tests.support import LONG

from .support import append, hurry
from .test_ends import Hand
from .test_handing import end
from .unpublished import left_by_a_bridge


class Rounds(Hand):
    """Ends tasks by hand and remembers all that were handed out."""

    def __init__(self, engine: Client, text: str) -> None:
        self.got: list[StartTask] = []
        super().__init__(engine, text, {"n": 0})

    def waiting(self, task: StartTask) -> None:
        super().waiting(task)
        self.got.append(task)

    def later(self) -> None:
        """Let all timers be due."""
        hurry(self.engine)
        self.turn()

    def fail(self, task: StartTask) -> None:
        fields = end_fields(task, reason="no")
        append(self.engine.redis, self.engine.keys.events, fields)
        self.turn()

    def inputs(self, name: str) -> list[Any]:
        return [task.input for task in self.got if task.name == name]

    @property
    def kept(self) -> list[str]:
        """What the workflow keeps beside the items of its iterations."""
        names: Any = self.engine.redis.hkeys(self.workflow + ITEMS)
        return sorted(name.decode() for name in names if name[:1] in b"io")


@pytest.mark.parametrize(
    ("step", "inputs"),
    [
        ("B", [[{"x": 1}, {"y": 2}]]),
        ("* B", [{"x": 1}, {"y": 2}]),
        ("> B", [{"x": 1, "y": 2}]),
        ("? `$[1]` B", [[{"x": 1}, {"y": 2}]]),
        ("* { B }", [{"x": 1}, {"y": 2}]),
        ("wait:delay(- duration: 60 -) → B", [[{"x": 1}, {"y": 2}]]),
        ("? `$[7]` { X } → B", [[{"x": 1}, {"y": 2}]]),
    ],
)
def test_what_the_next_round_does_takes_no_input_away(
    engine: Client, step: str, inputs: list[Any]
) -> None:
    """Behind a step that led to the next round, tasks got `{}` or were skipped: the same transition
    handed that step out again, which deleted its output, and asked for it a moment later.
    """
    rounds = Rounds(engine, f"{{ A :a → :start ; :a → {step} }} → C")
    rounds.end("A", [{"x": 1}, {"y": 2}])
    rounds.later()
    assert rounds.inputs("B") == inputs
    rounds.end("A", "another")
    rounds.later()
    for task in [task for task in rounds.got if task.name == "B"][: len(inputs)]:
        rounds.tasks["B"] = task
        rounds.end("B", "B")
    assert rounds.inputs("C")[-1] == (["B"] * len(inputs) if "*" in step else "B")


def test_retries_of_rounds_that_overlap_have_each_its_own_input(engine: Client) -> None:
    """A retry got `{}`, or what the step before had put out in a later round."""
    text = "{ A :a → :start ; :a → B(- $retry: {limit: 9, delay: 60} -) } → C"
    rounds = Rounds(engine, text)
    rounds.end("A", 1)
    rounds.fail(rounds.tasks["B"])
    rounds.later()
    rounds.fail(rounds.tasks["B"])
    rounds.end("A", 2)
    for _ in range(3):
        rounds.later()
        for task in [task for task in rounds.got if task.name == "B"]:
            # All but the latest two are late.
            rounds.fail(task)
    got = [(task.token, task.input) for task in rounds.got if task.name == "B"]
    assert [(int(token.partition(".")[0]), input) for token, input in got[:5]] == [
        (1, 1), (1, 1), (2, 2), (1, 1), (1, 1)
    ]  # fmt: skip
    assert all(token.startswith(f"{input}.") for token, input in got)
    assert len({token for token, _ in got}) == len(got) == 8
    assert rounds.count("late") > 0


def test_an_end_without_an_output_takes_none_of_the_round_before(engine: Client) -> None:
    """A listener of rqse stores its output itself, or has none."""
    rounds = Rounds(engine, "{ A :a → :start ; :a → B } → C")
    rounds.end("A", 1)
    rounds.send(index=rounds.tasks["A"].index, name="A", token=rounds.tasks["A"].token)
    rounds.turn()
    assert rounds.inputs("B") == [1, {}]
    engine.redis.set(f"{rounds.workflow}:output:{rounds.tasks['A'].index}", "3")
    rounds.send(index=rounds.tasks["A"].index, name="A", token=rounds.tasks["A"].token)
    rounds.turn()
    assert rounds.inputs("B") == [1, {}, 3]


@pytest.mark.parametrize("step", ["* B", "B(- $concurrency: 1 -)"])
def test_what_has_no_room_gets_what_came_in_its_turn(engine: Client, step: str) -> None:
    """Rounds that came while an iteration ran got nothing, or all the output of the last one."""
    rounds = Rounds(engine, f"{{ A :a → :start ; :a → {step} }} → C")
    for number in range(4):
        rounds.end("A", [number])
        rounds.later()
    for number in range(4):
        got = rounds.inputs("B")
        assert got == [n if "*" in step else [n] for n in range(number + 1)]
        rounds.end("B", number)
        rounds.later()
    assert not [name for name in rounds.kept if name.startswith(f"i{rounds.tasks['B'].index}")]


@pytest.mark.parametrize("step", ["* B", "B(- $concurrency: 1 -)"])
def test_what_had_no_room_before_a_restart_from_a_step_is_gone(engine: Client, step: str) -> None:
    rounds = Rounds(engine, f"{{ A :a → :start ; :a → {step} }} → C")
    for number in range(3):
        rounds.end("A", [number])
        rounds.later()
    engine.terminate(rounds.workflow)
    engine.restart(rounds.workflow, from_steps=["A"])
    rounds.got.clear()
    rounds.turn()
    rounds.end("A", ["again"])
    rounds.later()
    assert rounds.inputs("B") == ["again" if "*" in step else ["again"]]


@pytest.mark.parametrize("join", ["J", "> J"])
def test_a_join_takes_the_latest_outputs(engine: Client, join: str) -> None:
    """It got nothing from a step that ran again while the join waited for another one."""
    rounds = Rounds(engine, f"{{ A :a → :start ; :a → :j {join} ; C → :j }} → D")
    first = rounds.tasks["C"]
    rounds.end("A", {"a": 1})
    rounds.tasks["C"] = first
    rounds.end("C", {"c": 1})
    rounds.later()
    both = [{"a": 1}, {"c": 1}]
    assert rounds.inputs("J") == [{"a": 1, "c": 1} if ">" in join else both]


def test_what_is_kept_goes_when_the_activation_is_over(engine: Client) -> None:
    text = "? `$[?(@.n<2)]` { > A → * B → ? `$[9]` D → > E → :start } → Done"
    rounds = Rounds(engine, text)
    while not engine.views.state(rounds.workflow).ended:
        rounds.later()
        for task in rounds.got:
            n = task.input.get("n", 0) if isinstance(task.input, dict) else 0
            append(engine.redis, engine.keys.events, end_fields(task, output={"n": n + 1}))
        rounds.got.clear()
        rounds.turn()
    assert engine.views.state(rounds.workflow) is WorkflowState.FINISHED
    assert rounds.kept == []


def test_flows_without_loops_keep_nothing(engine: Client) -> None:
    rounds = Rounds(engine, "A → > B(- $retry: {limit: 1, delay: 0} -) → C")
    rounds.end("A", {"x": 1})
    rounds.later()
    rounds.fail(rounds.tasks["B"])
    rounds.later()
    assert rounds.inputs("B") == [{"x": 1}] * 2
    assert not engine.redis.exists(rounds.workflow + ITEMS)


@pytest.mark.parametrize("again", ["restart", "restore", "reemit"])
def test_it_is_kept_for_whoever_writes_the_task_again(engine: Client, again: str) -> None:
    rounds = Rounds(engine, "{ A :a → :start ; :a → B } → C")
    rounds.end("A", 1)
    assert engine.step(rounds.workflow, rounds.tasks["B"].index).input == 1
    archive = engine.archive(rounds.workflow)
    engine.redis.delete(engine.keys.events)
    for reader in (rounds.worker.reader, rounds.player.reader):
        reader.ensure()
    if again == "reemit":
        assert Reconciler(engine.context).run() == 2
    else:
        engine.terminate(rounds.workflow)
    if again == "restore":
        engine.delete(rounds.workflow)
        assert engine.restore(archive, workflow_id=rounds.workflow) == rounds.workflow
    if again != "reemit":
        engine.restart(rounds.workflow)
    rounds.got.clear()
    rounds.later()
    assert (rounds.inputs("A"), rounds.inputs("B")) == ([1], [1])
    rounds.end("B", "B")
    rounds.end("C", "C")
    assert engine.wait(rounds.workflow, timeout=LONG) == "C"


def test_also_of_what_a_bridge_left_unpublished(engine: Client) -> None:
    rounds = Rounds(engine, "{ x :a → :start ; :a → a:one } → C")
    task = rounds.tasks["x"]
    (mine,) = end(engine, rounds.workflow, task.index, task.token, "1").handed
    left_by_a_bridge(engine, mine)
    assert republish_unpublished(engine.context, rounds.workflow, mine.field, mine.token)
    rounds.turn()
    assert rounds.inputs("a:one") == [mine.input] == [1]


def test_a_restart_from_a_step_of_the_loop_begins_anew(engine: Client) -> None:
    rounds = Rounds(engine, "{ A :a → :start ; :a → B } → C")
    rounds.end("A", 1)
    engine.terminate(rounds.workflow)
    engine.restart(rounds.workflow, from_steps=["A"], input="given")
    rounds.got.clear()
    rounds.turn()
    assert rounds.inputs("A") == ["given"]
    assert rounds.inputs("B") == []
    index = rounds.tasks["A"].index
    assert rounds.kept == [f"i{index}#3"]
    rounds.end("A", 2)
    assert rounds.inputs("B") == [2]
