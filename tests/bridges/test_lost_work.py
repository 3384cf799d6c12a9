"""What Celery loses is found, and what it only delays is waited for."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState, WorkflowState
from tests.support import Spawned, wait_until

from .conftest import APPS, WORKER
from .serving import LONG, bridge_of, check_once, in_flight, running

#: Seconds after which a task that was not begun counts as lost, unless its whole queue stands.
SOON = 0.5

#: What a user sets as ``task_track_started`` in the app.
TRACKING = ("--", "task.track_started=1")

Start = Callable[..., Spawned]


@pytest.fixture
def celery(
    spawn: Callable[..., Spawned],
    celery_environment: dict[str, str],
    tmp_path: Path,
) -> Start:
    """Start a worker that stores STARTED."""
    environment = {
        **celery_environment,
        "LEDGER": str(tmp_path / "ledger"),
    }

    def start(*options: str) -> Spawned:
        command = [*WORKER, "--pool", "solo", "--prefetch-multiplier", "1", *options, *TRACKING]
        process = spawn(command, env=environment, cwd=APPS)
        process.wait_for_output("ready.")
        return process

    return start


@pytest.fixture
def tracking(app: Celery) -> Celery:
    for task in app.tasks.values():
        task.track_started = True
    return app


def succeeded(results: redis.Redis) -> bool:
    """Whether a task has ended well: that it was begun is stored in the same place."""
    keys: Any = results.keys("celery-task-meta-*")
    return any(b'"SUCCESS"' in (results.get(key) or b"") for key in keys)


def whats(engine: Client, workflow: str) -> list[str]:
    return [entry.what for entry in engine.trace(workflow) if entry.field == "1"]


def test_a_worker_s_sign_of_start_is_shown(
    engine: Client, tracking: Celery, celery: Start, tmp_path: Path
) -> None:
    with running(bridge_of(engine, tracking)):
        workflow = engine.start('math:nap(["a", 1]) → math:note')
        wait_until(lambda: in_flight(engine) == 1, "it is published")
        assert engine.state(workflow).steps[1].state is StepState.QUEUED
        celery()
        wait_until(lambda: "take" in whats(engine, workflow), "it has begun")
        assert engine.state(workflow).steps[1].state is StepState.RUNNING
        assert engine.attempts(workflow)[0].worker.startswith("celery@")
        assert engine.wait(workflow, timeout=LONG) == "a"
    check_once(engine, workflow)


def test_a_message_that_is_lost_is_published_anew(
    engine: Client, tracking: Celery, celery: Start, broker: redis.Redis
) -> None:
    text = f"math:add(- {{x: 2, y: 3, $queue-timeout: {SOON}}} -)"
    with running(bridge_of(engine, tracking)):
        workflow = engine.start(text)
        wait_until(lambda: broker.delete("celery"), "its message is taken away")
        wait_until(lambda: broker.llen("celery"), "there is another one")
        celery()
        assert engine.wait(workflow, timeout=LONG) == 5
    check_once(engine, workflow)
    assert "requeue" in whats(engine, workflow)


def test_an_outage_of_all_workers_uses_nothing_up(
    engine: Client, tracking: Celery, celery: Start, broker: redis.Redis
) -> None:
    text = f"math:add(- {{x: 2, y: 3, $queue-timeout: {SOON}}} -)"
    with running(bridge_of(engine, tracking)):
        workflows = [engine.start(text) for _ in range(20)]
        probes: list[str] = []

        def probed() -> bool:
            probes[:] = [what for one in workflows for what in whats(engine, one)]
            return probes.count("requeue") >= 3

        wait_until(probed, "three were tried anew: far beyond 3 times the timeout", LONG)
        assert {engine.state(one).state for one in workflows} == {WorkflowState.RUNNING}
        celery()
        for workflow in workflows:
            assert engine.wait(workflow, timeout=LONG) == 5
            check_once(engine, workflow)
        assert broker.llen("celery") == 0


def test_without_a_bridge_nothing_counts_down(
    engine: Client, tracking: Celery, celery: Start
) -> None:
    waiting = engine.start(f"math:add(- {{x: 2, y: 3, $queue-timeout: {SOON / 5}}} -)")
    clock = engine.start(f"wait:delay(- duration: {SOON * 2} -)")
    engine.wait(clock, timeout=LONG)
    assert whats(engine, waiting) == ["queue"]
    celery()
    with running(bridge_of(engine, tracking)):
        assert engine.wait(waiting, timeout=LONG) == 5


def test_a_killed_worker_is_noticed_by_the_timeout(
    engine: Client, tracking: Celery, celery: Start
) -> None:
    """Celery acknowledges before it begins, unless told otherwise: nobody will say anything."""
    text = "math:nap(- {line: a, seconds: 2, $timeout: 6, $queue-timeout: 60, $retry: 1} -)"
    doomed = celery()
    with running(bridge_of(engine, tracking)):
        workflow = engine.start(text)
        wait_until(lambda: "take" in whats(engine, workflow), "it has begun")
        doomed.signal(signal.SIGKILL)
        doomed.wait()
        celery()
        assert engine.wait(workflow, timeout=LONG) == "a"
    check_once(engine, workflow)
    first, second = engine.attempts(workflow)[:2]
    assert first.result == "retry"
    assert first.reason.startswith("timed out after 6")
    assert (second.result, second.number) == ("end", 2)


def test_a_result_that_expired_unseen_is_asked_for_anew(
    engine: Client, tracking: Celery, celery: Start, results: redis.Redis
) -> None:
    bridge = bridge_of(engine, tracking)
    with running(bridge):
        workflow = engine.start(f"math:add(- {{x: 2, y: 3, $queue-timeout: {SOON * 4}}} -)")
        wait_until(lambda: in_flight(engine) == 1, "it is published")
    celery()
    wait_until(lambda: succeeded(results), "its result is stored while no bridge runs")
    results.flushdb()
    with running(bridge_of(engine, tracking)):
        assert engine.wait(workflow, timeout=LONG) == 5
    check_once(engine, workflow)
    assert "requeue" in whats(engine, workflow)


def test_a_deaf_worker_keeps_one_task_and_the_others_go_on(
    engine: Client, tracking: Celery, celery: Start, broker: redis.Redis
) -> None:
    """A worker holds messages in advance; it is alive for the broker, and does nothing."""
    deaf = celery("--pool", "threads", "--concurrency", "1", "--prefetch-multiplier", "4")
    with running(bridge_of(engine, tracking)):
        busy = engine.start('math:nap(["busy", 60])')
        wait_until(lambda: "take" in whats(engine, busy), "it has something to do")
        kept = engine.start(f"math:add(- {{x: 2, y: 3, $queue-timeout: {SOON}}} -)")
        wait_until(lambda: "publish" in whats(engine, kept), "it is published")
        wait_until(lambda: broker.llen("celery") == 0, "the deaf worker holds it")
        deaf.signal(signal.SIGSTOP)
        celery("-n", "second@%h")
        other = engine.start(f"math:add(- {{x: 2, y: 3, $queue-timeout: {SOON}}} -)")
        assert engine.wait(other, timeout=LONG) == 5
        assert engine.wait(kept, timeout=LONG) == 5
        check_once(engine, kept)
        assert "requeue" in whats(engine, kept)
