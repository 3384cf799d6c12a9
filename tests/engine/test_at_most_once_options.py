"""`$on-lost: fail` beside the other options, of the step and of its category."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import Outcome, StepState, WorkflowState

from .once import ONCE, claim, turn
from .support import hurry
from .test_defaults import by_bridge, given
from .test_ends import Hand
from .test_held_attempts import start_tasks
from .test_queues import Scene

QUEUED = "shop:pack(- {$queue-timeout: 300, $on-lost: fail} -)"


def test_a_time_limit_of_one_that_began_is_final(engine: Client) -> None:
    """It may run on, so a retry would run beside it."""
    text = "m:A(- {$on-lost: fail, $timeout: 30, $retry: {limit: 1, delay: 0}} -)"
    begun, waiting = engine.start(text), engine.start(text)
    tasks = {task.workflow: task for task in start_tasks(engine)}
    claim(engine, tasks[begun], "first")
    hurry(engine)
    turn(engine)
    assert engine.state(begun).state is WorkflowState.FAILED
    assert "timed out" in engine.state(begun).reason
    # Nobody had begun the other.
    assert engine.state(waiting).state is WorkflowState.RUNNING
    assert start_tasks(engine)[-1].token.startswith("1.2-")
    assert claim(engine, tasks[waiting], "first") is Outcome.GONE


def test_a_message_that_was_overtaken_is_not_sent_again(engine: Client) -> None:
    scene = Scene(engine)
    lost, other = scene.start(QUEUED), scene.start(QUEUED)
    scene.publish(lost, ago=700)
    scene.begin(scene.publish(other))
    scene.expire()
    assert engine.state(lost).state is WorkflowState.FAILED
    assert "not started within 300 s, while later tasks were" in engine.state(lost).reason
    assert scene.task(lost).token.startswith("1.1-")


def test_nobody_tries_a_queue_that_stands_with_it(engine: Client) -> None:
    scene = Scene(engine)
    workflow = scene.start(QUEUED)
    scene.publish(workflow)
    for _ in range(3):
        scene.expire()
        assert engine.state(workflow).steps[1].state is StepState.QUEUED
        assert scene.task(workflow).token.startswith("1.1-")


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        ({"type": "billiard.exceptions.WorkerLostError"}, 1),
        ({"type": "X", "classes": ["x.X", "billiard.exceptions.TimeLimitExceeded"]}, 1),
        ({"type": "ValueError"}, 2),
    ],
)
def test_a_failure_that_was_reported_is_retried_unless_its_process_was_killed(
    engine: Client, error: dict[str, Any], attempts: int
) -> None:
    hand = Hand(engine, ONCE)
    assert hand.take("m:A") is Outcome.APPLIED
    task = hand.tasks["m:A"]
    hand.send(index=1, name="m:A", token=task.token, status="FAILURE", reason="no", error={**error})
    hurry(engine)
    hand.turn()
    assert engine.state(hand.workflow).steps[1].attempts == attempts


def test_without_it_a_killed_process_is_retried(engine: Client) -> None:
    hand = Hand(engine, "m:A(- $retry: {limit: 1, delay: 0} -)")
    error = {"type": "billiard.exceptions.WorkerLostError"}
    hand.send(index=1, name="m:A", status="FAILURE", reason="no", error=error)
    hurry(engine)
    hand.turn()
    assert engine.state(hand.workflow).steps[1].attempts == 2


@pytest.mark.parametrize(
    ("step", "once"),
    [
        ("m:A", True),
        ("m:A(- {$bind: whole, x: 1} -)", True),
        ("m:A(- $on-lost: retry -)", False),
        ("n:A", False),
        ("n:A(- $on-lost: fail -)", True),
    ],
)
def test_a_category_may_have_it(engine: Client, step: str, once: bool) -> None:
    given(engine, m={"on-lost": "fail"})
    engine.start(step)
    (task,) = start_tasks(engine)
    assert task.once is once
    assert task.options.get("$bind") == ("whole" if "whole" in step else None)
    claim(engine, task, "first")
    second = claim(engine, task, "second")
    assert second is (Outcome.MAY_HAVE_RUN if once else Outcome.APPLIED)


def test_a_bridge_s_own_wins(engine: Client) -> None:
    given(engine, m={"on-lost": "fail"}, n={"on-lost": "retry"})
    by_bridge(engine, m={"on-lost": "retry"}, n={"on-lost": "fail"})
    for base, once in (("m:A", False), ("n:A", True)):
        engine.start(base)
        assert start_tasks(engine)[-1].once is once, base


def test_it_holds_as_it_was_when_the_attempt_was_emitted(engine: Client) -> None:
    given(engine, m={"on-lost": "fail"})
    engine.start("m:A")
    given(engine, m={})
    (task,) = start_tasks(engine)
    claim(engine, task, "first")
    assert claim(engine, task, "second") is Outcome.MAY_HAVE_RUN


def test_waits_of_the_engine_are_nobody_s_to_lose(engine: Client) -> None:
    workflow = engine.start(
        "wait:event(- {event: go, timeout: 60, $on-lost: fail, $retry: {limit: 1, delay: 0}} -)"
    )
    turn(engine)
    assert engine.state(workflow).steps[1].state is StepState.WAITING
    hurry(engine)
    turn(engine)
    assert engine.state(workflow).steps[1].attempts == 2, "its time limit is retried"
