"""Simulator: plays every task that is not built in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from littleflow_redis import Client, StepState, WorkflowFailed
from littleflow_redis.workers.simulate import Simulator
from tests.support import wait_until
from tests.workers.scenes import PATIENCE, events, lifecycle, names, pending, wait_for_step


@pytest.fixture
def engine(client: redis.Redis) -> Iterator[Client]:
    engine = Client(redis=client)
    with lifecycle(engine):
        yield engine


@contextmanager
def simulating(engine: Client, **settings: float) -> Iterator[Simulator]:
    simulator = Simulator(engine, **settings)  # type: ignore[arg-type]
    thread = threading.Thread(target=simulator.run)
    thread.start()
    try:
        yield simulator
    finally:
        simulator.stop.set()
        thread.join()
        simulator.close()


def test_a_workflow_runs_through_without_outputs(engine: Client) -> None:
    with simulating(engine, wait_period=0.01):
        workflow = engine.start("fetch → { clean math:score } → store", {"x": 1})
        assert engine.wait(workflow, timeout=PATIENCE) == {}

    assert all("output" not in end for end in events(engine, "end-task"))
    assert pending(engine, "starting") == 0


def test_a_receipt_is_sent_for_each_task_that_is_taken_up(engine: Client) -> None:
    with simulating(engine, wait_period=0.0):
        engine.wait(engine.start("fetch → store"), timeout=PATIENCE)

    ids = [row[0].decode() for row in engine.redis.xrange(engine.keys.events)]
    receipts = events(engine, "receipt")
    assert [receipt["target"] for receipt in receipts] == ["fetch", "store"]
    assert all(receipt["for"] in ids for receipt in receipts)


def test_all_fail_that_are_drawn_to(engine: Client) -> None:
    with (
        simulating(engine, wait_period=0.0, failures=100),
        pytest.raises(WorkflowFailed, match="SimulatedFailure"),
    ):
        engine.wait(engine.start("fetch"), timeout=PATIENCE)


def test_built_in_tasks_are_left_to_the_worker(engine: Client) -> None:
    simulator = Simulator(engine, group="early", wait_period=0.0)
    simulator.turn()
    engine.redis.xadd(
        engine.keys.events,
        {"kind": '"start-task"', "name": '"wait:delay"', "index": "1", "workflow": '"workflow:w"'},
    )

    assert wait_until(lambda: simulator.turn() == 0 and not pending(engine, "early"), "it is read")
    assert simulator.played == 0
    simulator.close()


def test_many_are_played_at_the_same_time_without_a_thread_each(engine: Client) -> None:
    with simulating(engine, wait_period=0.5):
        # Whoever works has its threads by then.
        engine.wait(engine.start("first"), timeout=PATIENCE)
        threads = threading.active_count()
        began = time.monotonic()
        workflow = engine.start(names([f"t{number}" for number in range(300)]))
        wait_for_step(engine, workflow, 2, StepState.ENDED)
        assert threading.active_count() <= threads
        engine.wait(workflow, timeout=PATIENCE)

    assert time.monotonic() - began < 300 * 0.25


def test_what_is_being_played_is_renewed_and_played_once(engine: Client) -> None:
    with (
        simulating(engine, wait_period=3.0, claim_idle=1.0) as first,
        simulating(engine, wait_period=3.0, claim_idle=1.0) as second,
    ):
        workflow = engine.start(names([f"t{number}" for number in range(30)]))
        engine.wait(workflow, timeout=PATIENCE)

    assert first.played + second.played == 30
    takes = [entry for entry in engine.trace(workflow) if entry.what == "take"]
    assert len(takes) == 30


def test_a_stop_hands_back_what_is_being_played(engine: Client) -> None:
    with simulating(engine, wait_period=1000.0):
        workflow = engine.start("a")
        wait_for_step(engine, workflow, 1, StepState.RUNNING)

    with simulating(engine, wait_period=0.0):
        engine.wait(workflow, timeout=PATIENCE)
