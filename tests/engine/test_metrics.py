"""Groups, and metrics in the text format of Prometheus."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.task_events import EndTask, StartTask
from littleflow_redis.engine.views.health import MOST_LAG, BridgeHealth
from littleflow_redis.events.script_batch import Call, Script, run_batch
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import RedisServer

from .support import Player, drive, run
from .test_ends import Hand


def measured(engine: Client) -> Mapping[str, float]:
    """Each sample by its name and labels."""
    found = {}
    for family in text_string_to_metric_families(engine.metrics()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name.removeprefix('littleflow_')}{{{labels}}}"] = sample.value
    return found


def test_what_an_empty_redis_tells(engine: Client) -> None:
    found = measured(engine)
    assert found["workflows_started_total{}"] == 0
    assert found["workflows_ended_total{state=FAILED}"] == 0
    assert found["queue_age_seconds{}"] == 0
    assert engine.groups().groups == []


def test_starts_ends_and_attempts(engine: Client) -> None:
    def play(task: StartTask) -> Any:
        if (task.name == "math:B" and "1.1-" in task.token) or task.name == "C":
            raise RuntimeError("no")
        return [1, 2]

    run(engine, "A → math:B(- {$retry: {limit: 1, delay: 0}} -)", {}, play)
    run(engine, "{ * C D(- {$on-failure: continue} -) }", [1], play)
    terminated = engine.start("math:x")
    engine.terminate(terminated)
    engine.start("math:y")
    found = measured(engine)
    assert {k: v for k, v in found.items() if k.startswith("workflows")} == {
        "workflows_started_total{}": 4,
        "workflows_ended_total{state=FINISHED}": 1,
        "workflows_ended_total{state=FAILED}": 1,
        "workflows_ended_total{state=TERMINATED}": 1,
        "workflows{state=RUNNING}": 1,
        "workflows{state=TERMINATING}": 0,
        "workflows{state=TERMINATED}": 1,
        "workflows{state=FAILED}": 1,
        "workflows{state=FINISHED}": 1,
    }
    attempts = {k: v for k, v in found.items() if k.startswith("attempts")}
    assert attempts == {
        "attempts_total{category=,outcome=end}": 2,
        "attempts_total{category=,outcome=fail}": 1,
        "attempts_total{category=math,outcome=retry}": 1,
        "attempts_total{category=math,outcome=end}": 1,
        "attempts_total{category=math,outcome=cancel}": 1,
    }
    assert found["run_seconds_count{category=math}"] == 2
    assert found["run_seconds_bucket{category=math,le=+Inf}"] == 2
    assert found["queue_seconds_count{category=}"] == 3
    assert found["workflow_seconds_count{state=FAILED}"] == 1


def at(ms: int, call: Call) -> Call:
    """The same call under a clock that stands still."""
    clock = f"({{{ms // 1000}, {ms % 1000 * 1000}}})"
    script = call.script
    source = script.source.replace("redis.call('TIME')", clock)
    return replace(call, script=Script(script.name, source, script.batched))


def test_durations_fall_into_their_buckets(engine: Client) -> None:
    now = round(time.time() * 1000)
    hand = Hand(engine, "{ A B C }")
    for name, ran in (("A", 10), ("B", 11), ("C", 10**9)):
        task = hand.tasks[name]
        end = EndTask("", task.workflow, task.index, task.token, True, "{}", "", "")
        calls = [
            engine.transitions.claim_attempt(task, "g"),
            *engine.transitions.apply_ends([(end, "{}")], ""),
        ]
        run_batch(engine.redis, [at(now, calls[0])])
        run_batch(engine.redis, [at(now + ran, calls[1])])
    found = measured(engine)
    bounds = {"0.01": 1, "0.05": 2, "86400.0": 2, "+Inf": 3}
    for bound, count in bounds.items():
        assert found[f"run_seconds_bucket{{category=,le={bound}}}"] == count
    assert found["run_seconds_sum{category=}"] == pytest.approx(1_000_000.021)


def test_groups_bridges_and_the_oldest_task(engine: Client) -> None:
    hand = Hand(engine, "{ math:A B }")
    engine.transitions.ensure_group("bridge:math")
    engine.transitions.ensure_group("late")
    task = hand.tasks["math:A"]
    taken = engine.transitions.claim_attempt(
        task, "bridge:math", "me", Publication("math", "celery-1")
    )
    engine.transitions.run([taken])
    engine.redis.xreadgroup("late", "me", {engine.keys.events: ">"}, count=1)
    found = engine.groups()
    by_name = {group.name: group for group in found.groups}
    assert by_name["late"].pending == 1
    assert by_name["late"].lag == found.stream_length - 1
    assert found.bridges == [BridgeHealth("math", 1)]
    assert found.oldest is not None
    assert found.oldest.timestamp() * 1000 == int(hand.tasks["B"].event.partition("-")[0])
    assert measured(engine)["bridge_in_flight{category=math}"] == 1
    for _ in range(MOST_LAG):
        engine.send_event("x")
    assert {g.name: g.lag for g in engine.groups().groups}["bridge:math"] == MOST_LAG
    engine.transitions.run([engine.transitions.claim_attempt(hand.tasks["B"], "g")])
    assert engine.groups().oldest is None


def test_categories_are_bounded(engine: Client) -> None:
    engine.redis.hset(engine.keys.counts, mapping={f"x{i}": 1 for i in range(5000)})
    run(engine, "math:A")
    assert engine.redis.hlen(engine.keys.counts) == 5000


def test_a_number_is_counted_once_whatever_is_lost(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    """A call that is repeated after a lost reply counts once, as it changes the state once."""

    def scenario(plan: Plan) -> None:
        client.flushall()
        engine = Client(redis=client)
        workflow = engine.start("A")
        faulty = LifecycleWorker(Client(redis=faulty_client(redis_server, plan)))
        player = Player(engine)
        sound = LifecycleWorker(engine)
        sound.reader.ensure()
        try:
            faulty.reader.ensure()
            while not engine.views.state(workflow).ended:
                player.turn()
                faulty.turn()
        except (Died, redis.ConnectionError):
            drive(engine, workflow, player, sound)
        found = measured(engine)
        assert found["attempts_total{category=,outcome=end}"] == 1
        assert found["workflows_ended_total{state=FINISHED}"] == 1

    assert sum(1 for _ in every_fault(scenario)) >= 6
