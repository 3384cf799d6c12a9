"""``python -m littleflow_redis bridge`` as people run it: real processes, real signals."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from celery import Celery

from littleflow_redis.engine.client import Client
from tests.support import RedisServer, Spawned, wait_until
from tests.workers.scenes import lifecycle, pending

from .conftest import Start
from .serving import LONG, check_once, in_flight

#: Seconds for the work of a killed bridge to be found: 5 of silence, and the next look.
RECOVERY = 90.0


@pytest.fixture
def start(start: Start) -> Start:
    """The command `bridge`, for the app `plain`."""
    return lambda *options, **environment: start("bridge", "-A", "plain", *options, **environment)


@pytest.mark.usefixtures("shared_worker")
def test_it_serves_the_empty_category_and_the_app_s_and_ends_on_sigterm(
    engine: Client, start: Start
) -> None:
    bridge = start()
    bridge.wait_for_output("event=ready worker=bridge app=plain categories='',plain")
    assert bridge.output.count("event=start-unseen") == 1
    workflow = engine.start("{ add([2, 3]) plain:add([4, 5]) } → plain:add")
    assert engine.wait(workflow, timeout=LONG) == 14
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    assert "event=stopped worker=bridge" in bridge.output
    assert engine.redis.xinfo_consumers(engine.keys.events, "bridge:plain") == []


@pytest.mark.usefixtures("shared_worker")
def test_several_categories_and_a_map(engine: Client, start: Start) -> None:
    start("--category", "a", "--category", "", "--map", "a:sum=plain.total", "--batch", "1")
    workflow = engine.start("{ a:add([1, 1]) mul([2, 3]) } → a:sum(- $bind: whole -)")
    assert engine.wait(workflow, timeout=LONG) == 8


@pytest.mark.usefixtures("shared_worker")
def test_what_is_set_for_tasks_and_categories(engine: Client, start: Start, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text("""
        [categories.math]
        timeout = "1h"
        retry = 2
        [tasks."math:total"]
        bind = "whole"
    """)
    bridge = start("--config", str(config), "--category", "math", "--default", "math:timeout=2h")
    assert engine.wait(engine.start("<[1, 2, 3]> → math:total"), timeout=LONG) == 6
    assert "event=no-timeout" not in bridge.output
    workflow = engine.start("math:order(- item: shoes -)")
    wait_until(lambda: engine.state(workflow).steps[1].state == "retrying", "it is tried again")
    engine.terminate(workflow)
    waiting = engine.start("math:nap(- {line: x, seconds: 2} -)")
    [wait] = wait_until(lambda: [w for w in engine.waits(waiting) if w.owner], "it is taken")
    assert 7100 < (wait.due - wait.since).total_seconds() < 7300
    engine.wait(waiting, timeout=LONG)
    plain = start("--category", "math")
    plain.wait_for_output("event=no-timeout categories=math")
    assert "set --timeout SECONDS" in plain.output
    assert not engine.redis.exists(engine.keys.defaults)


@pytest.mark.usefixtures("shared_worker")
def test_kill_9_at_any_moment_loses_nothing(engine: Client, start: Start) -> None:
    text = "{ math:add([2, 3]) math:add([4, 5]) } → math:add → math:mul"
    workflows = [engine.start(text) for _ in range(50)]
    done = f"{engine.keys.index}:FINISHED"
    for share in sorted(random.sample(range(1, 40), 2)):
        bridge = start("--category", "math")
        wait_until(
            lambda share=share: engine.redis.zcard(done) >= share, "it is in the midst", RECOVERY
        )
        bridge.signal(signal.SIGKILL)
        bridge.wait()
    start("--category", "math", "--sweep", "0.2")
    wait_until(lambda: engine.redis.zcard(done) == 50, "all have finished", RECOVERY)
    for workflow in workflows:
        check_once(engine, workflow)
        assert engine.state(workflow).output == 28
    wait_until(lambda: pending(engine, "bridge:math") == 0, "all is acknowledged")
    assert in_flight(engine) == 0


@pytest.mark.usefixtures("shared_worker")
def test_it_starts_before_redis_and_outlives_a_restart_of_it(
    own_server: Callable[..., RedisServer], start: Start, app: Celery
) -> None:
    server = own_server("--appendonly", "yes", start=False)
    bridge = start("--category", "math", **server.environment)
    bridge.wait_for_output("event=redis-waiting")
    server.start()
    bridge.wait_for_output("event=ready")
    engine = Client(server.url)
    with lifecycle(engine):
        assert engine.wait(engine.start("math:add([2, 3])"), timeout=LONG) == 5
    server.kill()
    wait_until(lambda: bridge.output.count("event=redis-waiting") == 2, "it notices")
    server.start()
    wait_until(lambda: bridge.output.count("event=redis-connected") == 2, "it is back")
    with lifecycle(engine):
        assert engine.wait(engine.start("math:add([4, 5])"), timeout=LONG) == 9
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0


def test_a_broker_that_is_away_is_waited_for(
    engine: Client,
    own_server: Callable[..., RedisServer],
    start: Start,
    worker: Callable[..., Spawned],
    celery_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = own_server(start=False)
    first = start("--category", "math", CELERY_BROKER_URL=broker.url)
    workflow = engine.start("math:add([2, 3])")
    first.wait_for_output("event=broker-waiting category=math")
    first.signal(signal.SIGTERM)
    assert first.wait() == 0
    assert first.output.count("event=broker-waiting") == 1

    second = start("--category", "math", CELERY_BROKER_URL=broker.url)
    second.wait_for_output("event=broker-waiting category=math")
    broker.start()
    second.wait_for_output("event=broker-connected category=math")
    monkeypatch.setitem(celery_environment, "CELERY_BROKER_URL", broker.url)
    worker()
    assert engine.wait(workflow, timeout=LONG) == 5
    check_once(engine, workflow)


@pytest.mark.parametrize(
    ("options", "environment", "told"),
    [
        (["-A", "nowhere"], {}, "there is no module 'nowhere'"),
        ([], {"CELERY_RESULT_BACKEND": "rpc://"}, "set result_backend"),
        ([], {"CELERY_RESULT_BACKEND": "disabled://"}, "set result_backend"),
        (["--map", "math:add=plain.ad"], {}, "the app has no such task; it has plain.add"),
        (["--map", "math:add"], {}, "write it as in math:add=proj.tasks.add"),
        (["--task", "math:add:bind=hole"], {}, "did you mean whole?"),
        (["--task", "ad:bind=whole"], {}, "options: tasks.ad: no Celery task serves"),
        (["--config", "none.toml"], {}, "none.toml: cannot be read"),
        (["--timeout", "0"], {}, "timeout needs a time above 0"),
        (["--category", "math:add"], {}, "set --category to the part before the colon, 'math'"),
        (["--category", "wait"], {}, "serve one of your own"),
    ],
)
def test_what_cannot_work_is_said_at_once(
    start: Start, options: list[str], environment: dict[str, str], told: str
) -> None:
    bridge = start(*options, **environment)
    assert bridge.wait() != 0
    assert told in bridge.output
    assert "Traceback" not in bridge.output


def test_a_built_in_category_is_left_to_the_worker(client: redis.Redis, start: Start) -> None:
    bridge = start("--category", "wait", "--category", "math")
    bridge.wait_for_output("event=category-built-in category=wait")
    bridge.wait_for_output("categories=math")
