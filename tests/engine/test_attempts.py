"""Every attempt, and what steps wait for."""

from __future__ import annotations

from datetime import timedelta

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState
from littleflow_redis.engine.model.task_events import StartTask

from .support import hurry, run
from .test_ends import Hand
from .unsettled import Unsettled


def test_each_attempt_of_each_step(engine: Client) -> None:
    def play(task: StartTask) -> int:
        if task.name == "B" and "1.1-" in task.token:
            raise RuntimeError("once")
        return 1

    workflow, _ = run(engine, "A → B(- {$retry: {limit: 1, delay: 0}} -)", {}, play)
    first, second, third = engine.attempts(workflow)
    assert [(a.index, a.number, a.result) for a in (first, second, third)] == [
        (1, 1, "end"),
        (2, 1, "retry"),
        (2, 2, "end"),
    ]
    assert second.reason == "RuntimeError: once"
    assert first.started is not None
    assert first.ended is not None
    assert first.queued <= first.started <= first.ended <= second.queued


def test_who_worked_and_with_what_traceback(engine: Client) -> None:
    hand = Hand(engine, "A")
    engine.transitions.run([engine.transitions.claim_attempt(hand.tasks["A"], "group", "me@here")])
    assert [(a.worker, a.ended, a.result) for a in engine.attempts(hand.workflow)] == [
        ("me@here", None, "")
    ]
    error = {"type": "E", "message": "no", "traceback": "line 1"}
    hand.send(index=1, name="A", status="FAILURE", error=error, worker="you@there")
    hand.turn()
    (attempt,) = engine.attempts(hand.workflow)
    assert (attempt.worker, attempt.result) == ("you@there", "fail")
    assert (attempt.reason, attempt.traceback) == ("E: no", "line 1")


def test_items_and_what_was_cancelled(engine: Client) -> None:
    hand = Hand(engine, "* A", [1, 2])
    engine.terminate(hand.workflow)
    assert [(a.scope, a.result) for a in engine.attempts(hand.workflow)] == [
        ("0", "cancel"),
        ("1", "cancel"),
    ]


def test_what_was_open_in_an_archive_is_closed_in_what_is_restored(engine: Client) -> None:
    hand = Hand(engine, "A")
    restored = engine.restore(engine.archive(hand.workflow))
    (attempt,) = engine.attempts(restored)
    assert (attempt.result, attempt.ended is None) == ("cancel", False)


def test_what_steps_wait_for(engine: Client) -> None:
    hand = Hand(
        engine,
        "{ A(- {$queue-timeout: 60} -) wait:delay(- duration: 1000 -) "
        "B(- {$retry: {limit: 3, delay: 500}} -) C(- {$timeout: 30} -) }",
    )
    engine.transitions.run([engine.transitions.claim_attempt(hand.tasks["C"], "group")])
    hand.send(index=hand.tasks["B"].index, name="B", status="FAILURE", reason="no")
    hand.turn()
    names = {step.index: step.name for step in engine.state(hand.workflow).steps}
    waits = {names[wait.index]: wait for wait in engine.waits(hand.workflow)}
    states = {name: wait.state for name, wait in waits.items()}
    assert states == {
        "A": StepState.QUEUED,
        "wait:delay": StepState.WAITING,
        "B": StepState.RETRYING,
        "C": StepState.RUNNING,
    }
    spans = {
        name: round((wait.due - wait.since) / timedelta(seconds=1))
        for name, wait in waits.items()
        if wait.due and wait.since
    }
    assert spans == {"A": 60, "wait:delay": 1000, "B": 500, "C": 30}
    assert (waits["B"].number, waits["C"].owner) == (2, "group")


def test_a_ready_step_waits_for_a_worker(engine: Client) -> None:
    workflow = Unsettled(redis=engine.redis).start("> A")
    (wait,) = engine.waits(workflow)
    assert (wait.index, wait.state) == (1, StepState.READY)
    assert wait.since is not None
    hurry(engine)
    engine.terminate(workflow)
    assert engine.waits(workflow) == []
