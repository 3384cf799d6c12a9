"""`$retry`, `$timeout`, `$queue-timeout`, `$on-failure`, delays: what time does to a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.model.timers import TimerKind
from littleflow_redis.events.event_codec import receipt_for
from littleflow_redis.language import compile_text
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Player, append, hurry, run
from .test_ends import Hand


def failing(times: int, error: type[Exception] = ValueError) -> Callable[[StartTask], Any]:
    left = [times]

    def play(task: StartTask) -> Any:
        if left[0]:
            left[0] -= 1
            raise error("not yet")
        return {"input": task.input}

    return play


def timers(engine: Client) -> dict[str, float]:
    """Kind of each timer and the seconds until it is due."""
    now = engine.redis.time()
    found: Any = engine.redis.zrange(engine.keys.timers, 0, -1, withscores=True)
    return {
        member.decode().partition("|")[0]: due / 1000 - now[0] - now[1] / 1e6
        for member, due in found
    }


def test_a_failed_attempt_is_tried_again(engine: Client) -> None:
    workflow, player = run(engine, "A(- $retry: 3 -) → B", {"x": 1}, failing(2))
    assert [task.token.partition("-")[0] for task in player.played] == ["1.1", "1.2", "1.3", "1.1"]
    assert [task.input for task in player.played[:3]] == [{"x": 1}] * 3
    step = engine.state(workflow).steps[1]
    assert (step.state, step.attempts, step.activations) == (StepState.ENDED, 3, 1)
    assert [e.what for e in engine.trace(workflow) if e.field == "1"] == [
        "queue", "take", "retry", "queue", "take", "retry", "queue", "take", "end",
    ]  # fmt: skip


def test_without_retries_left_the_workflow_fails(engine: Client) -> None:
    workflow, player = run(engine, "A(- $retry: 2 -) → B", play=failing(9))
    assert len(player.played) == 3
    assert engine.state(workflow).reasons == ("step 1 (A): ValueError: not yet",)


@pytest.mark.parametrize(
    ("policy", "played"),
    [
        ("{limit: 2, on: [ValueError]}", 3),
        ("{limit: 2, on: KeyError}", 1),
        ("{limit: 2, except: ValueError}", 1),
        ("{limit: 2, except: KeyError}", 3),
    ],
)
def test_exception_types_decide(engine: Client, policy: str, played: int) -> None:
    _, player = run(engine, f"A(- $retry: {policy} -)", play=failing(9))
    assert len(player.played) == played


def told(engine: Client, policy: str, error: Any) -> tuple[StepState, str]:
    """What becomes of a step whose failure is told so, and the last word of the trace on it."""
    hand = Hand(engine, f"A(- $retry: {{limit: 1, {policy}}} -)")
    hand.send(index=1, name="A", status="FAILURE", reason="no", error=error)
    hand.turn()
    [*_, last] = [e.detail for e in engine.trace(hand.workflow) if e.what in ("retry", "fail")]
    return hand.states["A"], last


CLASSES = ["redis.exceptions.TimeoutError", "redis.TimeoutError", "OSError", "Exception"]


@pytest.mark.parametrize(
    ("policy", "again"),
    [
        ("on: [OSError]", True),
        ("on: [redis.TimeoutError]", True),
        ("on: [TimeoutError]", True),
        ("on: [exceptions.TimeoutError]", False),
        ("on: [ValueError, Exception]", True),
        ("except: [OSError]", False),
        ("on: [redis.TimeoutError], except: [Exception]", False),
        ("except: [ValueError]", True),
    ],
)
def test_what_was_raised_is_of_its_base_classes_too(
    engine: Client, policy: str, again: bool
) -> None:
    error = {"type": "TimeoutError", "message": "no", "traceback": "", "classes": CLASSES}
    state, detail = told(engine, policy, error)
    assert state is (StepState.RETRYING if again else StepState.FAILED)
    assert "classes" not in detail


@pytest.mark.parametrize("classes", [None, [], {}, "Exception", [7, None], [["Exception"]]])
def test_whoever_tells_no_classes_told_the_type(engine: Client, classes: Any) -> None:
    """Listeners of before, and those that others wrote."""
    error = {"type": "m.Odd", "message": "no", "classes": classes}
    assert told(engine, "on: [Odd]", error)[0] is StepState.RETRYING
    assert told(engine, "on: [Exception]", error)[0] is StepState.FAILED


def test_a_final_failure_is_not_retried(engine: Client) -> None:
    hand = Hand(engine, "A(- $retry: 5 -)")
    hand.send(index=1, name="A", status="FAILURE", reason="bad arguments", retry=False)
    hand.turn()
    assert engine.state(hand.workflow).state is WorkflowState.FAILED


def test_delays_grow_up_to_their_limit(engine: Client) -> None:
    retry = "{limit: 4, delay: 10, backoff: 3, max-delay: 60}"
    hand = Hand(engine, f"A(- $retry: {retry} -)")
    delays = []
    for _ in range(4):
        hand.send(index=1, name="A", status="FAILURE", reason="no")
        hand.turn()
        assert hand.states["A"] is StepState.RETRYING
        delays.append(timers(engine)["retry"])
        hurry(engine)
        hand.turn()
    assert delays == pytest.approx([10, 30, 60, 60], abs=1)


def test_jitter_only_shortens(engine: Client) -> None:
    hand = Hand(engine, "A(- $retry: {limit: 1, delay: 100, jitter: true} -)")
    hand.send(index=1, name="A", status="FAILURE", reason="no")
    hand.turn()
    assert 49 < timers(engine)["retry"] <= 100


def test_a_merged_input_is_merged_again_for_a_retry(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        return again(task) if task.name == "C" else {task.name: 1}

    again = failing(1)
    workflow, _ = run(engine, "{ A B } → > C(- $retry: 1 -)", play=play)
    assert engine.wait(workflow, timeout=LONG) == {"input": {"A": 1, "B": 1}}


def test_an_item_is_retried_by_itself(engine: Client) -> None:
    again = failing(1)

    def play(task: StartTask) -> Any:
        return again(task) if task.input == 2 else task.input

    workflow, player = run(engine, "* A(- $retry: 1 -)", [1, 2, 3], play)
    assert engine.wait(workflow, timeout=LONG) == [1, {"input": 2}, 3]
    assert len(player.played) == 4


def test_on_failure_continue_makes_the_error_an_output(engine: Client) -> None:
    text = "A(- {$on-failure: continue, $retry: 1} -) → B"
    workflow, player = run(
        engine, text, play=lambda task: failing(1)(task) if task.name == "A" else task.input
    )
    assert [task.name for task in player.played] == ["A", "A", "B"]
    output = engine.wait(workflow, timeout=LONG)
    assert output["error"]["step"] == "A"
    assert "not yet" in output["error"]["message"]


@pytest.mark.parametrize("name", ["TimeoutError", "OSError", "Exception"])
def test_a_timeout_is_a_failed_attempt(engine: Client, name: str) -> None:
    hand = Hand(engine, f"A(- {{$timeout: 30, $retry: {{limit: 1, on: {name}}}}} -)")
    assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}
    first = hand.tasks["A"]
    hurry(engine)
    hand.turn()
    assert hand.states["A"] is StepState.RETRYING
    hurry(engine)
    hand.turn()
    assert hand.tasks["A"].token != first.token
    hand.send(index=1, name="A", token=first.token)
    hand.turn()
    assert hand.count("late") == 1
    hurry(engine)
    hand.turn()
    assert engine.state(hand.workflow).reasons == ("step 1 (A): timed out after 30 s",)
    assert timers(engine) == {}


def test_an_end_in_time_leaves_no_timer(engine: Client) -> None:
    hand = Hand(engine, "A(- {$timeout: 30} -)")
    hand.end("A", 1)
    assert timers(engine) == {}
    assert engine.state(hand.workflow).state is WorkflowState.FINISHED


@pytest.mark.parametrize("sign", ["take", "receipt"])
def test_a_sign_of_start_stops_the_queues_clock_and_starts_the_tasks(
    engine: Client, sign: str
) -> None:
    hand = Hand(engine, "A(- {$queue-timeout: 300, $timeout: 30} -)")
    assert timers(engine) == {"queue": pytest.approx(300, abs=1)}
    task = hand.tasks["A"]
    if sign == "take":
        engine.transitions.run([engine.transitions.claim_attempt(task, "somebody")])
    else:
        append(engine.redis, engine.keys.events, receipt_for(task.event))
    hand.turn()
    assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}
    assert hand.states["A"] is StepState.RUNNING


def test_a_delay_is_a_timer_and_its_output_the_input(engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine, lambda task: 1)
    worker.reader.ensure()
    workflow = engine.start("wait:delay(- duration: 1h30m -) → A", {"x": 1})
    while worker.turn():
        pass
    assert timers(engine) == {"wake": pytest.approx(5400, abs=1)}
    assert engine.state(workflow).steps[1].state is StepState.WAITING
    hurry(engine)
    while worker.turn() + player.turn():
        pass
    assert player.played[0].input == {"x": 1}
    assert engine.wait(workflow, timeout=LONG) == 1


def test_a_delay_that_cannot_be_fails_and_says_why(engine: Client) -> None:
    """A text with it does not compile; a flow that was compiled before that may still come."""
    flow = compile_text("wait:delay(- duration: 1 -)")
    step = replace(flow.steps[1], parameters={"until": "tomorrow"})
    workflow, _ = run(engine, replace(flow, steps=(flow.steps[0], step, flow.steps[2])))
    assert "wait:delay until: 'tomorrow' is no ISO 8601" in engine.state(workflow).reasons[0]


def test_a_time_that_is_past_waits_for_nothing(engine: Client) -> None:
    workflow, _ = run(engine, "wait:delay(- until: '2020-01-01' -)", {"x": 1})
    assert engine.wait(workflow, timeout=LONG) == {"x": 1}


def test_terminate_ends_a_wait_at_once(engine: Client) -> None:
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    workflow = engine.start("wait:delay(- duration: 1d -)")
    while worker.turn():
        pass
    assert engine.terminate(workflow) is WorkflowState.TERMINATED
    assert timers(engine) == {}
    assert TimerKind.WAKE.fires is False


def test_retries_and_timeouts_leave_no_key(engine: Client) -> None:
    hand = Hand(engine, "{ A(- $retry: {limit: 1, delay: 100} -) B(- $timeout: 9 -) C }")
    hand.send(index=2, name="A", status="FAILURE", reason="no")
    hand.turn()
    assert set(timers(engine)) == {"retry", "timeout"}
    engine.terminate(hand.workflow)
    engine.terminate(hand.workflow)
    assert timers(engine) == {}
    engine.delete(hand.workflow)
    assert not engine.redis.keys("workflow:*")


@pytest.mark.parametrize(
    ("task", "parameters"),
    [("delay", "duration: 0.01"), ("event", "event: go"), ("countdown", "name: l")],
)
def test_what_the_engine_takes_up_may_have_a_queue_timeout(
    engine: Client, task: str, parameters: str
) -> None:
    """Taking a wait up with such a timer raised: a function was missing from its script."""
    engine.redis.set(engine.keys.latch + "l", 1)
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    workflow = engine.start(f"wait:{task}(- {{{parameters}, $queue-timeout: 60}} -)")
    while worker.turn():
        pass
    assert engine.state(workflow).steps[1].state is StepState.WAITING
    assert not engine.dead_letters()


def test_an_error_with_half_a_character_is_retried_as_any_other(engine: Client) -> None:
    """`on` was never matched: the script could not read the error, and the step failed at once."""

    def play(task: StartTask) -> Any:
        if task.token.startswith("1.1"):
            raise ValueError("caf\udce9.txt")
        return "done"

    workflow, player = run(engine, "A(- $retry: {limit: 2, on: [ValueError]} -)", play=play)
    assert engine.wait(workflow, timeout=LONG) == "done"
    assert len(player.played) == 2
