"""Inputs of open attempts when somebody has written something else where an output was."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.operations.reconcile import Reconciler, republish_unpublished
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .support import hurry
from .test_ends import Hand
from .test_handing import end, first_token
from .unpublished import left_by_a_bridge

#: What the step before may leave behind, and why that is no input.
BROKEN = {"hello": "no JSON text", '{"x": 1e400}': "input cannot be read again"}


class Waiting(Hand):
    """A wait after A, which has ended; what lies at A's output key is another's by now."""

    def __init__(self, engine: Client, wait: str, left: str) -> None:
        super().__init__(engine, f"A → {wait} → B")
        self.end("A", {"x": 1})
        engine.redis.set(f"{self.workflow}:output:1", left)

    def due(self) -> None:
        hurry(self.engine)
        self.turn()

    def release(self) -> None:
        """Open the latch on which it waits, as another workflow does."""
        other = Hand(self.engine, "wait:release(- name: port -)")
        self.due()
        # It may have read for both.
        self.tasks |= other.tasks

    @property
    def reason(self) -> str:
        return self.engine.state(self.workflow).reasons[0]


@pytest.fixture
def latch(engine: Client) -> str:
    engine.redis.set(engine.keys.latch + "port", 1)
    return "wait:countdown(- name: port -)"


@pytest.mark.parametrize("left", BROKEN)
def test_a_wait_ends_with_what_it_was_handed_out_with(engine: Client, left: str) -> None:
    """A listener that was late wrote its output, no JSON, over that which had been applied: when
    the wait was over, each lifecycle worker ended with BadValue, and again whenever it was started.
    The input was computed anew from the output, and only a workflow that is gone was reckoned with.
    """
    hand = Waiting(engine, "wait:delay(- duration: 60 -)", left)
    hand.due()
    assert hand.tasks["B"].input == {"x": 1}
    assert engine.redis.zcard(engine.keys.timers) == 0


def test_so_does_one_for_a_latch(engine: Client, latch: str) -> None:
    hand = Waiting(engine, latch, "hello")
    hand.release()
    assert hand.tasks["B"].input == {"x": 1}


@pytest.mark.parametrize("left", BROKEN)
@pytest.mark.parametrize("wait", ["wait:delay(- duration: 60 -)", "> wait:delay(- duration: 60 -)"])
def test_it_fails_with_the_reason_if_the_stream_is_lost_too(
    engine: Client, wait: str, left: str
) -> None:
    hand = Waiting(engine, wait, left)
    engine.redis.delete(engine.keys.events)
    hand.worker.reader.ensure()
    hand.due()
    assert engine.views.state(hand.workflow) is WorkflowState.FAILED
    assert BROKEN[left] in hand.reason
    assert (
        engine.redis.zcard(engine.keys.timers) == engine.redis.hlen(engine.keys.open_attempts) == 0
    )
    assert engine.redis.hget(hand.workflow, "open") == b"0"


def test_a_merge_that_fails_is_such_a_reason(engine: Client) -> None:
    hand = Hand(engine, "{ A B } → > wait:delay(- duration: 60 -) → C")
    for name in "AB":
        hand.end(name, {name: 1})
    (wait,) = [s for s in engine.views.flow(hand.workflow).steps if s.name == "wait:delay"]
    engine.redis.set(f"{hand.workflow}:output:{wait.predecessors[-1]}", "[1]")
    engine.redis.delete(engine.keys.events)
    hand.worker.reader.ensure()
    hurry(engine)
    hand.turn()
    assert engine.views.state(hand.workflow) is WorkflowState.FAILED
    assert "cannot be read again" in engine.state(hand.workflow).reasons[0]


@pytest.mark.parametrize("text", ["B", "B(- $on-failure: continue -)"])
def test_what_the_stream_has_lost_fails_if_it_cannot_be_written_again(
    engine: Client, text: str
) -> None:
    """The worker ended with BadValue, and again at each start, at its first look for such tasks."""
    hand = Hand(engine, f"A → {text} → C")
    hand.end("A", 1)
    engine.redis.set(f"{hand.workflow}:output:1", "hello")
    engine.redis.delete(engine.keys.events)
    for reader in (hand.worker.reader, hand.player.reader):
        reader.ensure()
    old = hand.tasks["B"]
    assert Reconciler(engine.context).run() == 0
    hurry(engine)
    hand.turn()
    if "continue" in text:
        assert hand.tasks["C"].input["error"]["step"] == "B"
    else:
        assert hand.states["B"] is StepState.FAILED
        assert "no JSON text" in engine.state(hand.workflow).reasons[0]
    assert hand.tasks["B"].token == old.token


def test_what_a_bridge_left_unpublished_does_too(engine: Client, client: redis.Redis) -> None:
    workflow = engine.start("x → a:one")
    (task,) = end(engine, workflow, 1, first_token(engine, workflow)).handed
    left_by_a_bridge(engine, task)
    client.set(f"{workflow}:output:1", "hello")
    assert not republish_unpublished(engine.context, workflow, "2", task.token)
    assert engine.views.state(workflow) is WorkflowState.FAILED
    assert client.hlen(engine.keys.publications + "a") == 0


@pytest.mark.parametrize("left", BROKEN)
def test_an_event_without_data_finds_no_input(engine: Client, left: str) -> None:
    hand = Waiting(engine, "wait:event(- event: approved -)", left)
    worker = LifecycleWorker(engine)
    engine.redis.delete(engine.keys.events)
    worker.reader.ensure()
    engine.send_event("approved", {})
    while worker.turn():
        pass
    assert engine.views.state(hand.workflow) is WorkflowState.FAILED
    assert BROKEN[left] in hand.reason
