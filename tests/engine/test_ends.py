"""Ends: late, doubled, foreign, without a token, by hand."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import UnknownWorkflow
from littleflow_redis.engine.model.states import Outcome, StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG, wait_until

from .support import Player, append, drive


class Hand:
    """Ends tasks by hand, one at a time."""

    def __init__(self, engine: Client, text: str, input: Any = None) -> None:
        self.engine = engine
        self.worker = LifecycleWorker(engine)
        self.worker.reader.ensure()
        self.player = Player(engine)
        self.player.serve = self.waiting  # type: ignore[method-assign]
        self.tasks: dict[str, StartTask] = {}
        self.workflow = engine.start(text, input)
        self.turn()

    def waiting(self, task: StartTask) -> None:
        self.tasks[task.name] = task

    def turn(self) -> None:
        while self.worker.turn() + self.player.turn():
            pass

    def send(self, **fields: Any) -> str:
        event = {"kind": "end-task", "workflow": self.workflow, **fields}
        return append(self.engine.redis, self.engine.keys.events, event)

    def end(self, name: str, output: Any = None) -> None:
        append(
            self.engine.redis, self.engine.keys.events, end_fields(self.tasks[name], output=output)
        )
        self.turn()

    def take(self, name: str) -> Outcome:
        """Take a task's attempt, as a listener does before it begins."""
        call = self.engine.transitions.claim_attempt(self.tasks[name], "somebody")
        (report,) = self.engine.transitions.run([call])
        assert not isinstance(report, Exception), report
        return report.outcome

    def count(self, name: str) -> int:
        return int(self.engine.redis.hget(self.engine.keys.counts, name) or 0)

    @property
    def states(self) -> dict[str, StepState]:
        return {step.name: step.state for step in self.engine.state(self.workflow).steps}


def test_the_same_end_twice_is_applied_once(engine: Client) -> None:
    hand = Hand(engine, "A → B → C")
    hand.end("A", 1)
    hand.end("A", 2)
    assert hand.tasks["B"].input == 1
    assert hand.count("late") == 1
    assert [entry.what for entry in engine.trace(hand.workflow)].count("end") == 1
    hand.end("B", 1)
    hand.end("C", 1)
    assert engine.wait(hand.workflow, timeout=LONG) == 1


def test_a_token_of_another_start_is_late(engine: Client) -> None:
    hand = Hand(engine, "A → B")
    for token in ("1.1-00000000", "2.1-" + hand.tasks["A"].token[-8:], "nonsense", "1.1.0-x"):
        hand.send(index=1, name="A", token=token)
    hand.turn()
    assert hand.states["A"] is StepState.QUEUED
    assert hand.count("late") == 4


def test_an_end_without_a_token_ends_the_oldest_attempt(engine: Client) -> None:
    hand = Hand(engine, "A → B")
    hand.send(index=1, name="A", output={"a": 1})
    hand.turn()
    assert hand.tasks["B"].input == {"a": 1}


def test_an_end_without_a_token_is_applied_once_though_delivered_twice(engine: Client) -> None:
    hand = Hand(engine, "A → B → C")
    hand.send(index=1, name="A")
    entries = hand.worker.reader.read(10)
    hand.worker.handle(entries)
    hand.worker.handle(entries)
    assert hand.count("duplicate") == 1
    assert [entry.what for entry in engine.trace(hand.workflow)].count("end") == 1


def test_an_end_from_before_the_start_of_the_attempt_is_not_its_end(engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    worker.reader.ensure()
    workflow = "workflow:early"
    append(
        engine.redis, engine.keys.events,
        {"kind": "end-task", "workflow": workflow, "index": 1, "name": "A"},
    )  # fmt: skip
    engine.start("A → B", workflow_id="early")
    worker.turn()
    assert engine.state(workflow).steps[1].state is StepState.QUEUED
    drive(engine, workflow, player, worker)


def test_an_output_is_taken_from_where_upstreams_listeners_put_it(engine: Client) -> None:
    hand = Hand(engine, "A → B")
    engine.redis.set(engine.keys.output(hand.workflow, 1), '{"a": 1}')
    hand.send(index=1, name="A")
    hand.turn()
    assert hand.tasks["B"].input == {"a": 1}


def test_an_output_left_by_an_old_listener_is_not_taken(engine: Client) -> None:
    engine.redis.set("workflow:again:output:1", '{"old": 1}')
    hand = Hand(engine, "A → B")
    hand.workflow = engine.start("A → B", workflow_id="again")
    hand.turn()
    hand.send(index=1, name="A")
    hand.turn()
    assert hand.tasks["B"].input == {}


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (b"{", "no JSON text"),
        (b"NaN", "NaN is not JSON"),
        (b'"\xff"', "no JSON text"),
        (b'"' + b"x" * 1_000_001 + b'"', "more than 1,000,000"),
        (b"[" * 100_000, "no JSON text"),
    ],
)
def test_an_output_that_cannot_be_kept_fails_the_step(
    engine: Client, output: bytes, reason: str
) -> None:
    hand = Hand(engine, "A → B")
    engine.redis.xadd(
        engine.keys.events,
        {
            "kind": '"end-task"',
            "workflow": f'"{hand.workflow}"',
            "index": "1",
            "name": '"A"',
            "output": output,
        },
    )
    hand.turn()
    view = engine.state(hand.workflow)
    assert view.state is WorkflowState.FAILED
    assert reason in view.reasons[0]


def test_a_reason_with_half_a_character_is_kept_readable(engine: Client) -> None:
    hand = Hand(engine, "A")
    hand.send(index=1, name="A", status="FAILURE", reason="bad \ud800 text")
    hand.turn()
    assert engine.state(hand.workflow).reasons == ("step 1 (A): bad \ufffd text",)


def test_steps_that_failed_alike_are_told_in_one_line(engine: Client) -> None:
    hand = Hand(engine, "{ A B A A }")
    for index, name in ((2, "A"), (3, "B"), (4, "A"), (5, "A")):
        reason = "card declined" if name == "A" else "no stock"
        hand.send(index=index, name=name, status="FAILURE", reason=reason)
    hand.turn()
    assert engine.state(hand.workflow).reasons == (
        "step 2 (A) and 2 more: card declined",
        "step 3 (B): no stock",
    )


def test_an_end_of_a_deleted_workflow_is_acknowledged_and_counted(engine: Client) -> None:
    hand = Hand(engine, "A")
    engine.terminate(hand.workflow)
    engine.delete(hand.workflow)
    engine.redis.set(engine.keys.output(hand.workflow, 1), "1")
    hand.end("A")
    assert hand.count("unknown") == 1
    assert hand.count("dead") == 0
    assert not engine.redis.keys(f"{hand.workflow}*")


def test_an_end_of_a_workflow_that_redis_lost_is_a_dead_letter(engine: Client) -> None:
    """Redis came back without its data, and what listeners told then went by in silence."""
    hand = Hand(engine, "A")
    engine.redis.flushall()
    LifecycleWorker(engine).reader.ensure()
    hand.end("A")
    (letter,) = engine.dead_letters()
    assert "Redis has lost its data" in letter.reason
    with pytest.raises(UnknownWorkflow):
        engine.wait(hand.workflow, timeout=LONG)


def test_every_event_twice_changes_nothing(client: redis.Redis, engine: Client) -> None:
    """The consumer group is deleted and made anew at 0: all events come again."""
    hand = Hand(engine, "A → { B C } → > D")
    for name in "ABCD":
        hand.end(name, {name: 1})
        client.xgroup_destroy(engine.keys.events, "ending")
        hand.turn()
    view = engine.state(hand.workflow)
    assert view.output == {"D": 1}
    assert [step.activations for step in view.steps] == [1] * len(view.steps)


def test_terminate_cancels_what_nobody_has_taken(engine: Client) -> None:
    hand = Hand(engine, "{ A B } → C")
    hand.take("A")
    assert engine.terminate(hand.workflow) is WorkflowState.TERMINATING
    assert hand.states["B"] is StepState.CANCELLED
    assert hand.states["A"] is StepState.RUNNING
    hand.end("A")
    assert engine.state(hand.workflow).state is WorkflowState.TERMINATED
    assert engine.terminate(hand.workflow) is WorkflowState.TERMINATED
    assert hand.states["C"] is StepState.IDLE


@pytest.mark.parametrize("text", ["{ A B } → C", "* A → C"])
def test_what_a_dead_listener_had_is_cancelled_when_the_workflow_is_to_end(
    engine: Client, text: str
) -> None:
    """It was TERMINATING for ever: who claimed the entry was told that there is nothing to do,
    acknowledged it, and left the attempt open with nobody who would ever end it.
    """
    hand = Hand(engine, text)
    hand.take("A")
    assert engine.terminate(hand.workflow) is WorkflowState.TERMINATING
    assert hand.take("A") is Outcome.GONE
    wait_until(lambda: hand.turn() or engine.views.state(hand.workflow).ended, "it has ended")
    assert engine.views.state(hand.workflow) is WorkflowState.TERMINATED
    assert [entry.what for entry in engine.trace(hand.workflow)][-2:] == ["cancel", "TERMINATED"]
    assert (
        engine.redis.zcard(engine.keys.timers) == engine.redis.hlen(engine.keys.open_attempts) == 0
    )
    hand.end("A")
    assert hand.count("late") == 1


def test_what_a_dead_listener_had_is_left_to_a_restart_when_the_workflow_failed(
    engine: Client,
) -> None:
    hand = Hand(engine, "{ A B } → C")
    hand.take("A")
    failure = end_fields(hand.tasks["B"], reason="no", final=True)
    append(engine.redis, engine.keys.events, failure)
    hand.turn()
    assert hand.take("A") is Outcome.GONE
    assert engine.redis.zcard(engine.keys.timers) == 0
    assert engine.redis.hget(hand.workflow, "open") == b"1"
    engine.restart(hand.workflow)
    hand.turn()
    for name in "ABC":
        hand.end(name)
    assert engine.views.state(hand.workflow) is WorkflowState.FINISHED


def test_a_second_terminate_forces(engine: Client) -> None:
    hand = Hand(engine, "A → B")
    hand.take("A")
    engine.terminate(hand.workflow)
    assert engine.terminate(hand.workflow) is WorkflowState.TERMINATED
    hand.end("A")
    assert hand.count("late") == 1
    assert hand.states["B"] is StepState.IDLE
