"""Back-pressure: what is in flight is bounded, and so is the rate."""

from __future__ import annotations

import pytest
from celery import Celery

from littleflow_redis.bridges.broker.admission import Admission, PublishRate
from littleflow_redis.bridges.calls.task_ids import celery_id
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import kind_of, start_task
from littleflow_redis.engine.store.scripts import Publication
from littleflow_redis.events.group import GroupReader
from tests.support import Spawned, wait_until
from tests.workers.scenes import pending

from .serving import LONG, bridge_of, check_once, in_flight, running


@pytest.mark.parametrize(
    ("text", "interval", "at_once"),
    [
        ("100/s", 10_000, 10),
        ("30/m", 2_000_000, 1),
        ("5/h", 720_000_000, 1),
        ("0.5/s", 2_000_000, 1),
    ],
)
def test_a_rate_is_read(text: str, interval: int, at_once: int) -> None:
    rate = PublishRate.read(text)
    assert (rate.interval, rate.at_once) == (interval, at_once)


@pytest.mark.parametrize("text", ["", "100", "100/d", "0/s", "-1/s", "1 / s", "x/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as in 100/s, 30/m or 5/h"):
        PublishRate.read(text)


def test_what_was_admitted_a_moment_ago_counts(engine: Client) -> None:
    """A count far from the limit is believed for a second: not beyond what was let through."""
    for _ in range(8):
        engine.start("math:add")
    reader = GroupReader(engine.redis, engine.keys.events, "bridge:math")
    reader.ensure()
    read = [*reader.read(8), *reader.read(16)]
    entries = [entry for entry in read if kind_of(entry.fields) == "start-task"]
    tasks = [start_task(entry.id, entry.fields) for entry in entries]
    admission = Admission(engine.context, "math", 5, None)
    assert len(admission.admit(tasks)) == 5
    for task in tasks[:5]:
        id = celery_id("math", task.workflow, task.index, task.token)
        publication = Publication("math", id)
        take = engine.transitions.claim_attempt(task, reader.group, reader.consumer, publication)
        engine.transitions.run([take])
    assert admission.admit(tasks[5:7]) == []


def test_what_a_dead_bridge_recorded_goes_on_though_it_fills_the_limit(
    engine: Client, app: Celery, shared_worker: Spawned
) -> None:
    workflows = [engine.start("math:add([2, 3])") for _ in range(4)]
    dead = GroupReader(engine.redis, engine.keys.events, "bridge:math")
    dead.ensure()
    wait_until(lambda: engine.redis.hlen(engine.keys.open_attempts) == 4, "all are handed out")
    for entry in dead.read(100):
        if kind_of(entry.fields) == "start-task":
            task = start_task(entry.id, entry.fields)
            id = celery_id("math", task.workflow, task.index, task.token)
            take = engine.transitions.claim_attempt(
                task, dead.group, dead.consumer, Publication("math", id)
            )
            engine.transitions.run([take])
    assert in_flight(engine) == 4
    with running(bridge_of(engine, app, max_in_flight=4, claim_idle=0.1, sweep=0.1)):
        for workflow in [*workflows, engine.start("math:add([2, 3])")]:
            assert engine.wait(workflow, timeout=LONG) == 5
            check_once(engine, workflow)


def test_two_bridges_keep_one_rate(engine: Client, app: Celery, shared_worker: Spawned) -> None:
    rate = PublishRate.read("10/s")
    first, second = (bridge_of(engine, app, rate=rate, batch=1) for _ in range(2))
    with running(first), running(second):
        workflow = engine.start("* math:mul", list(range(15)))
        engine.wait(workflow, timeout=LONG)
    taken = sorted(entry.at for entry in engine.trace(workflow) if entry.what == "take")
    assert len(taken) == 15
    # A busy machine may take one late, and the next one in time; it takes none too early.
    began = engine.state(workflow).created
    for number, at in enumerate(taken):
        assert (at - began).total_seconds() > 0.1 * number - 0.01


def test_a_bridge_that_stops_hands_back_what_it_holds(
    engine: Client, app: Celery, shared_worker: Spawned
) -> None:
    with running(bridge_of(engine, app, rate=PublishRate.read("1/h"))):
        workflow = engine.start("* math:mul", [1, 2, 3])
        wait_until(lambda: pending(engine, "bridge:math") >= 2, "they are in hand")
    engine.redis.delete(engine.keys.rate + "math")

    def taken() -> int:
        return [entry.what for entry in engine.trace(workflow)].count("take")

    with running(bridge_of(engine, app, claim_idle=60)):
        wait_until(lambda: taken() == 3, "another one has taken them, without waiting")
