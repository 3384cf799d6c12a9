"""What workers tell of open attempts: for people, and fenced as all else."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import Outcome, StepState
from littleflow_redis.engine.model.task_events import StartTask
from tests.support import wait_until

from .test_ends import Hand


@pytest.fixture
def hand(engine: Client) -> Hand:
    return Hand(engine, "A")


def tell(engine: Client, task: StartTask, text: str, retries: int | str = "") -> Outcome:
    [report] = engine.transitions.run([engine.transitions.note_progress(task, text, retries)])
    assert not isinstance(report, Exception), report
    return report.outcome


def note(engine: Client, hand: Hand) -> str:
    return engine.state(hand.workflow).steps[1].note


def test_retries_are_counted(engine: Client, hand: Hand) -> None:
    (task,) = hand.tasks.values()
    assert note(engine, hand) == ""
    assert tell(engine, task, "busy", "+") is Outcome.APPLIED
    assert note(engine, hand) == "Celery retry 1: busy"
    assert tell(engine, task, "busy", 1) is Outcome.UNCHANGED
    assert tell(engine, task, "busy", "+") is Outcome.APPLIED
    assert tell(engine, task, "", 7) is Outcome.APPLIED
    assert note(engine, hand) == "Celery retry 7"
    assert tell(engine, task, "worse", 2) is Outcome.APPLIED
    assert note(engine, hand) == "Celery retry 7: worse"
    entries = [e.detail for e in engine.trace(hand.workflow) if e.what == "celery-retry"]
    assert entries == ["1: busy", "2: busy", "7: ", "7: worse"]


def test_it_is_a_sign_of_start(engine: Client, hand: Hand) -> None:
    (task,) = hand.tasks.values()
    tell(engine, task, "PROGRESS 1")
    assert note(engine, hand) == "PROGRESS 1"
    assert hand.states["A"] is StepState.RUNNING
    assert "celery-retry" not in [entry.what for entry in engine.trace(hand.workflow)]


def test_what_comes_after_the_end_changes_nothing(engine: Client, hand: Hand) -> None:
    (task,) = hand.tasks.values()
    tell(engine, task, "busy", "+")
    hand.end("A")
    assert engine.state(hand.workflow).state.ended
    assert tell(engine, task, "busy", "+") is Outcome.GONE
    engine.delete(hand.workflow)
    assert tell(engine, task, "busy", "+") is Outcome.GONE
    assert not engine.redis.exists(hand.workflow)


def test_a_note_of_an_attempt_that_is_over_is_not_that_of_the_next(engine: Client) -> None:
    hand = Hand(engine, "A(- $retry: {limit: 1, delay: 0} -)")
    (first,) = hand.tasks.values()
    hand.send(index=1, name="A", token=first.token, status="FAILURE", reason="no")
    wait_until(lambda: hand.turn() or hand.tasks["A"].token != first.token, "it is tried again")
    assert tell(engine, first, "busy", "+") is Outcome.GONE
    assert note(engine, hand) == ""
    assert tell(engine, hand.tasks["A"], "busy", "+") is Outcome.APPLIED


def test_the_attempt_stays_what_it_was(engine: Client, hand: Hand) -> None:
    """The record grows by a field beyond one that it lacks: no array has holes."""
    (task,) = hand.tasks.values()
    engine.transitions.run([engine.transitions.claim_attempt(task, "bridge:", "me")])
    before = engine.waits(hand.workflow)
    tell(engine, task, "busy", "+")
    assert engine.waits(hand.workflow) == before
    hand.end("A")
    assert engine.state(hand.workflow).state.ended
