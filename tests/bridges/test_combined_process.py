"""``worker -A`` as people run it: real processes, real signals."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable

import pytest
import redis

from littleflow_redis.engine.client import Client
from tests.support import RedisServer, Spawned, wait_until
from tests.workers.scenes import events, pending

from .conftest import Start
from .serving import LONG, check_once, in_flight

#: Seconds for the work of a killed process to be found: 5 of silence, and the next look.
RECOVERY = 90.0

BOTH = ("worker", "-A", "plain", "--category", "math")


@pytest.mark.usefixtures("shared_worker")
def test_it_runs_workflows_and_ends_on_sigterm(client: redis.Redis, start: Start) -> None:
    engine = Client(redis=client)
    both = start(*BOTH)
    both.wait_for_output("event=ready worker=worker group=ending")
    assert "app=plain categories=math" in both.output
    workflow = engine.start("math:add([2, 3]) → math:mul → wait:delay(- duration: 0 -) → math:mul")
    assert engine.wait(workflow, timeout=LONG) == 20
    both.signal(signal.SIGTERM)
    assert both.wait() == 0
    assert "event=stopped worker=worker" in both.output
    for group in ("bridge:math", "ending"):
        assert client.xinfo_consumers(engine.keys.events, group) == []


@pytest.mark.usefixtures("shared_worker")
def test_kill_9_at_any_moment_loses_nothing(client: redis.Redis, start: Start) -> None:
    """What it had published and what it had only been handed is taken over by a plain bridge."""
    engine = Client(redis=client)
    text = "{ math:add([2, 3]) math:add([4, 5]) } → math:add → math:mul"
    workflows = [engine.start(text) for _ in range(50)]
    done = f"{engine.keys.index}:FINISHED"
    for share in sorted(random.sample(range(1, 40), 2)):
        both = start(*BOTH)
        wait_until(lambda share=share: client.zcard(done) >= share, "it is in the midst", RECOVERY)
        both.signal(signal.SIGKILL)
        both.wait()
    start("worker")
    start("bridge", "-A", "plain", "--category", "math", "--sweep", "0.2")
    wait_until(lambda: client.zcard(done) == 50, "all have finished", RECOVERY)
    for workflow in workflows:
        check_once(engine, workflow)
        assert engine.state(workflow).output == 28
    wait_until(lambda: pending(engine, "bridge:math") == 0, "all is acknowledged")
    assert in_flight(engine) == 0


def test_while_the_broker_is_away_tasks_wait_in_the_stream(
    client: redis.Redis,
    own_server: Callable[..., RedisServer],
    start: Start,
    worker: Callable[..., Spawned],
    celery_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, broker = Client(redis=client), own_server(start=False)
    both = start(*BOTH, CELERY_BROKER_URL=broker.url)
    workflow = engine.start("by:hand → math:add([3]) → math:mul")
    end = {"workflow": workflow, "index": 1, "name": "by:hand", "output": 2}
    engine.send_event("end-task", end)
    both.wait_for_output("event=sent-back category=math tasks=1")
    both.wait_for_output("event=broker-waiting category=math")
    assert [event["index"] for event in events(engine, "start-task")][-1] == 2
    broker.start()
    both.wait_for_output("event=broker-connected category=math")
    monkeypatch.setitem(celery_environment, "CELERY_BROKER_URL", broker.url)
    worker()
    assert engine.wait(workflow, timeout=LONG) == 10
    check_once(engine, workflow)


@pytest.mark.usefixtures("shared_worker")
def test_it_outlives_a_restart_of_redis(
    own_server: Callable[..., RedisServer], start: Start
) -> None:
    server = own_server("--appendonly", "yes")
    both = start(*BOTH, **server.environment)
    both.wait_for_output("event=ready")
    engine = Client(server.url)
    assert engine.wait(engine.start("math:add([2, 3]) → math:mul"), timeout=LONG) == 10
    server.kill()
    wait_until(lambda: "event=redis-waiting" in both.output, "it notices")
    server.start()
    wait_until(lambda: "event=redis-connected" in both.output, "it is back")
    assert engine.wait(engine.start("math:add([2, 3]) → math:mul"), timeout=LONG) == 10


def test_options_about_an_app_need_one(start: Start) -> None:
    worker = start("worker", "--category", "math")
    assert worker.wait() != 0
    assert "add -A APP" in worker.output
