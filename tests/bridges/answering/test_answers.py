"""What apply_async answers is heeded: bases that de-duplicate, refuse, run at once, say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.bridges.serving import bridge_of, check_once, in_flight, running
from tests.support import wait_until

from .scenes import FOLLOWING, REFUSING, begun, outcome, ran

pytestmark = pytest.mark.usefixtures("worker", "quick_watch")


@pytest.mark.parametrize("task", FOLLOWING)
def test_a_step_ends_as_the_task_that_stands_for_it(
    engine: Client, bridge: Bridge, gate: Path, task: str
) -> None:
    """It waited for ever: under the id that it waited for nothing had been sent."""
    step = f"s:{task}(- gate: '{gate}' -)"
    first = begun(engine, step, gate)
    second = engine.start(step)
    note = wait_until(lambda: engine.state(second).steps[1].note, "it says what it waits for")
    assert engine.attempts(first)[0].celery_id in note
    assert "which its apply_async returned" in note
    gate.touch()
    assert outcome(engine, first) == outcome(engine, second) == "done "
    for workflow in (first, second):
        check_once(engine, workflow)
    wait_until(lambda: in_flight(engine, "s") == 0, "nothing is in flight")
    assert ran(gate) == 1


def test_a_step_fails_as_the_task_that_stands_for_it(
    engine: Client, bridge: Bridge, app: Celery, gate: Path
) -> None:
    """That one need not be a step."""
    sent = app.tasks["single.singleton"].delay(gate=str(gate), line="bad")
    wait_until(lambda: ran(gate) == 1, "it runs")
    retry = "$retry: {limit: 3, delay: 0, except: [ValueError]}"
    workflow = engine.start(f"s:singleton(- {{gate: '{gate}', line: bad, {retry}}} -)")
    wait_until(lambda: engine.state(workflow).steps[1].note, "it waits")
    gate.touch()
    assert outcome(engine, workflow) == (
        f"ValueError: no such thing (in {sent.id}, which its apply_async returned)"
    )
    assert ran(gate) == 1


def test_the_next_bridge_knows_what_a_step_follows(engine: Client, app: Celery, gate: Path) -> None:
    step = f"s:singleton(- gate: '{gate}' -)"
    with running(bridge_of(engine, app, "s", sweep=0.3)):
        begun(engine, step, gate)
        second = engine.start(step)
        wait_until(lambda: engine.state(second).steps[1].note, "it waits")
    with running(bridge_of(engine, app, "s", sweep=0.3)):
        gate.touch()
        assert outcome(engine, second) == "done "
    assert ran(gate) == 1


def test_what_a_step_follows_is_not_revoked_with_it(
    engine: Client, bridge: Bridge, app: Celery, gate: Path
) -> None:
    """It is the task of somebody else, who waits for it too."""
    own = f"gate: '{gate}', $celery: {{queue: later}}"
    first = engine.start(f"s:singleton(- {{{own}}} -)")
    with redis.Redis.from_url(app.conf.broker_url) as broker:
        wait_until(lambda: broker.llen("later") == 1, "it is published")
    second = engine.start(f"s:singleton(- {{{own}}} -)")
    wait_until(lambda: engine.state(second).steps[1].note, "it waits")
    engine.terminate(second)
    engine.terminate(second)
    assert engine.state(second).state is WorkflowState.TERMINATED
    wait_until(lambda: in_flight(engine, "s") == 1, "its flight is closed")
    sweeps = engine.redis.hlen(engine.keys.abandoned_publications + "s")
    assert sweeps == 1
    wait_until(lambda: bridge_has_revoked(bridge), "it is revoked")
    gate.touch()
    wait_until(lambda: app.control.add_consumer("later", reply=True), "the worker answers")
    assert outcome(engine, first) == "done "


def bridge_has_revoked(bridge: Bridge) -> bool:
    return bool(bridge._revoker._next)


@pytest.mark.parametrize(("task", "error"), REFUSING.items())
def test_a_rejection_fails_the_step(
    engine: Client, bridge: Bridge, gate: Path, task: str, error: str
) -> None:
    step = f"s:{task}(- gate: '{gate}' -)"
    first = begun(engine, step, gate)
    reason = outcome(engine, engine.start(step))
    name = task.replace("-", "_")
    assert reason.startswith(f"the Celery task single.{name} could not be sent: {error}: ")
    assert engine.state(first).state is WorkflowState.RUNNING
    gate.touch()
    assert outcome(engine, first) == "done "


@pytest.mark.parametrize(("task", "error"), REFUSING.items())
def test_a_rejection_is_retried_as_the_step_says(
    engine: Client, bridge: Bridge, gate: Path, task: str, error: str
) -> None:
    step = f"s:{task}(- gate: '{gate}' -)"
    first = begun(engine, step, gate)
    retry = f"$retry: {{limit: 1000, delay: 0.05, on: [{error.rpartition('.')[2]}]}}"
    second = engine.start(f"s:{task}(- {{gate: '{gate}', {retry}}} -)")
    wait_until(lambda: engine.state(second).steps[1].attempts > 1, "it is tried again")
    gate.touch()
    assert outcome(engine, first) == outcome(engine, second) == "done "
    assert ran(gate) == 2


@pytest.mark.parametrize(
    ("task", "output"),
    [
        ("mute", 3.0),
        ("renaming", 3.0),
        ("renaming-mute", 3.0),
        ("idle", None),
        ("eager", 3.0),
        ("chained", 16),
    ],
)
def test_whatever_apply_async_answers_the_step_ends(
    engine: Client, bridge: Bridge, task: str, output: Any
) -> None:
    workflow = engine.start(f"s:{task}([4])")
    assert outcome(engine, workflow) == output
    check_once(engine, workflow)


@pytest.mark.parametrize(
    ("task", "reason"),
    [("answering", "RuntimeError: no id"), ("raising", "Speechless: <exception str() failed>")],
)
def test_an_answer_that_cannot_be_looked_at_fails_the_step_alone(
    engine: Client, bridge: Bridge, task: str, reason: str
) -> None:
    assert outcome(engine, engine.start(f"s:{task}([4])")).endswith(reason)
    assert outcome(engine, engine.start("s:mute([4])")) == 3.0


def test_what_was_run_at_once_and_failed_is_a_failure(engine: Client, bridge: Bridge) -> None:
    assert "ZeroDivisionError: division by zero" in outcome(engine, engine.start("s:eager([0])"))
