"""`wait:event` without its event: refused, timed out, terminated; and nothing of it is left."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.workers.receipts import Receipts

from .event_scene import KEEP, MATCH, NOTHING, WAIT, Scene, private_keys
from .support import hurry


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ("{}", "needs a parameter event"),
        ("event: ''", "needs a parameter event"),
        ("event: 5", "needs a parameter event"),
        ("event: end-task", "a kind of the engine's own"),
        ("{event: x, recipt: true}", "has no parameter 'recipt': did you mean receipt?"),
        ("{event: x, whatever: 1}", "it takes event, match, receipt, timeout"),
        ("{event: x, match: output}", "match: 'output' is unknown: it can only be input"),
        ("{event: x, receipt: 'no'}", "receipt: needs true or false"),
        ("{event: x, timeout: soon}", "timeout needs a time"),
        ("{event: x, match: input}", "needs an input that is an object"),
    ],
)
def test_bad_parameters_fail_the_step_finally(scene: Scene, parameters: str, reason: str) -> None:
    workflow = scene.start(f"wait:event(- {parameters} -)", [1, 2])
    view = scene.engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert reason in view.steps[1].reason
    assert view.steps[1].reason.startswith("wait:event ")


def lapse(scene: Scene) -> None:
    hurry(scene.engine)
    scene.turn()


def test_a_wait_that_times_out_fails_and_says_why(scene: Scene) -> None:
    workflow = scene.start("wait:event(- {event: approved, timeout: 1h30m} -)")
    lapse(scene)
    reason = "step 1 (wait:event): no event approved came within 5400 s"
    assert scene.engine.state(workflow).reasons == (reason,)
    scene.send()
    assert scene.receipts() == []
    assert private_keys(scene.engine)["waiters"] == 0


def test_a_timeout_is_a_failure_as_any_other(scene: Scene) -> None:
    parameters = "{event: approved, timeout: 60, $retry: {limit: 1}, $on-failure: continue}"
    workflow = scene.start(f"wait:event(- {parameters} -)")
    lapse(scene)
    lapse(scene)
    assert scene.engine.state(workflow).steps[1].attempts == 2
    lapse(scene)
    message = "no event approved came within 60 s"
    error = {"type": "TimeoutError", "message": message, "step": "wait:event"}
    assert scene.output(workflow) == {"error": error}
    assert private_keys(scene.engine) == NOTHING


def test_the_timeout_of_every_step_works_too(scene: Scene) -> None:
    workflow = scene.start("wait:event(- {event: approved, $timeout: 60} -)")
    lapse(scene)
    assert scene.engine.state(workflow).steps[1].reason == "timed out after 60 s"
    assert private_keys(scene.engine) == NOTHING


def test_an_event_in_time_disarms_the_timeout(scene: Scene) -> None:
    workflow = scene.start("wait:event(- {event: approved, timeout: 60} -)", {"x": 1})
    scene.send()
    assert scene.output(workflow) == {"x": 1}
    assert private_keys(scene.engine) == NOTHING


def test_terminate_restart_and_delete(scene: Scene) -> None:
    workflow = scene.start(f"{MATCH} → A", {"order": 5})
    assert scene.engine.terminate(workflow) is WorkflowState.TERMINATED
    assert private_keys(scene.engine) == NOTHING
    event = scene.send(order=5)
    assert scene.receipts() == []
    scene.engine.restart(workflow)
    scene.turn()
    assert scene.output(workflow) == {"A": [2, {"order": 5}]}
    assert scene.receipts() == [event]
    scene.engine.delete(workflow)
    assert not scene.engine.redis.keys("workflow:*")


def test_a_failed_workflow_keeps_what_it_waited_for(scene: Scene) -> None:
    workflow = scene.start(f"{{ {WAIT} wait:event(- recipt: 1 -) }} → A")
    assert scene.engine.state(workflow).state is WorkflowState.FAILED
    scene.send(output={"by": "me"})
    assert scene.engine.state(workflow).steps[2].state in (StepState.ENDED, StepState.QUEUED)


@pytest.mark.no_keys_left
def test_no_key_is_left(scene: Scene) -> None:
    for text in (WAIT, KEEP, MATCH, f"wait:event(- {{event: approved, timeout: 60}} -) → {WAIT}"):
        workflow = scene.start(text, {"order": 5})
        scene.send(order=5)
        scene.engine.terminate(workflow)
        scene.engine.delete(workflow)
    receipts = Receipts(scene.engine, event_retention=-1.0, grace=-1.0, show=lambda _: None)
    receipts.turn()
    scene.turn()
    receipts.turn()
    keys = scene.engine.keys
    assert private_keys(scene.engine) == NOTHING
    assert not scene.engine.redis.exists(keys.receipted)
    scene.engine.redis.delete(keys.events, keys.changes, keys.counts, keys.deleted)
