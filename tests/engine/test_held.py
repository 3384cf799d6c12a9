"""What becomes ready, or ends, while its workflow does not run: a restart finds all of it."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, end_fields

from .support import append, hurry
from .test_ends import Hand
from .unsettled import Unsettled


@pytest.fixture
def unsettled(client: redis.Redis) -> Client:
    return Unsettled(redis=client)


class Watched(Hand):
    """Keeps every task that was handed out."""

    def __init__(self, engine: Client, text: str, input: Any = None) -> None:
        self.all: list[StartTask] = []
        super().__init__(engine, text, input)

    def waiting(self, task: StartTask) -> None:
        self.all.append(task)
        super().waiting(task)

    def inputs(self, name: str) -> list[Any]:
        return [task.input for task in self.all if task.name == name]

    def fail(self, name: str) -> None:
        fields = end_fields(self.tasks[name], reason="no")
        append(self.engine.redis, self.engine.keys.events, fields)
        self.turn()

    def fire(self) -> None:
        hurry(self.engine)
        self.turn()


def test_an_input_given_by_a_restart_outlives_a_step_that_is_held(unsettled: Client) -> None:
    """The step had run before, and the next restart gave it what it had got then."""
    hand = Watched(unsettled, "{ A → > B  C } → D", {"x": 1})
    hand.end("A", {"a": 1})
    hand.fire()
    hand.end("B", {"b": 1})
    hand.fail("C")
    unsettled.restart(hand.workflow, from_steps=["B"], input={"given": 1})
    hand.turn()
    hand.fail("C")
    assert unsettled.state(hand.workflow).state is WorkflowState.FAILED
    hand.fire()
    assert hand.states["B"] is StepState.CANCELLED
    unsettled.restart(hand.workflow)
    hand.fire()
    assert hand.inputs("B") == [{"a": 1}, {"given": 1}]


def test_a_round_that_was_held_is_undone_once(unsettled: Client) -> None:
    """Held and undone, it was counted down twice, and a number of an activation used again."""
    text = "{ ? `$[?(@.n<3)]` { A → :start } → Done  X } → E"
    hand = Watched(unsettled, text, {"n": 0})
    hand.fire()
    hand.end("A", {"n": 1})
    hand.fail("X")
    hand.fire()
    unsettled.restart(hand.workflow, from_steps=["A"])
    hand.turn()
    head = next(step for step in unsettled.state(hand.workflow).steps if step.name == "A").index - 1
    assert unsettled.state(hand.workflow).steps[head].activations == 1
    hand.end("A", {"n": 2})
    hand.fire()
    assert hand.inputs("A") == [{"n": 0}, {"n": 0}, {"n": 2}]


def test_rounds_that_end_while_it_does_not_run_keep_their_inputs(engine: Client) -> None:
    """Two ended while the workflow was FAILED, and what follows got the second output twice."""
    hand = Watched(engine, "{ { Add :a → :start ; :a → B → C } X } → D", {"n": 0})
    slow = []
    for n in (1, 2):
        hand.end("Add", {"n": n})
        slow.append(hand.tasks["B"])
        hand.take("B")
    hand.fail("X")
    for task in slow:
        append(engine.redis, engine.keys.events, end_fields(task, output=task.input))
        hand.turn()
    engine.restart(hand.workflow)
    hand.turn()
    assert hand.inputs("C") == [{"n": 1}, {"n": 2}]
    engine.terminate(hand.workflow)
    engine.terminate(hand.workflow)
