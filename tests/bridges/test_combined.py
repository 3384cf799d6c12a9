"""Lifecycle and bridge in one process, on a real Celery worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.calls.task_ids import LONGEST
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import kind_of, start_task
from littleflow_redis.engine.store.keys import Keys
from tests.engine.support import Player
from tests.support import RedisServer, wait_until
from tests.workers.scenes import events, lifecycle, pending

from .serving import LONG, bridge_of, check_once, combined_of, in_flight, late, running

pytestmark = pytest.mark.usefixtures("shared_worker", "quick_watch")


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@contextmanager
def serving(server: RedisServer, app: Celery, keys: Keys | None = None) -> Iterator[Bridge]:
    with running(combined_of(Client(server.url, keys=keys), app, sweep=0.05)) as bridge:
        yield bridge


def test_only_the_first_step_goes_through_the_stream(
    engine: Client, redis_server: RedisServer, app: Celery
) -> None:
    """Nobody sweeps the stream here: all that was ever written is there."""
    with serving(redis_server, app):
        workflow = engine.start("math:add([2, 3]) → { math:mul math:mul } → math:add → math:mul")
        assert engine.wait(workflow, timeout=LONG) == 40
        wait_until(lambda: pending(engine, "bridge:math") == 0, "all is acknowledged")
    check_once(engine, workflow)
    assert [event["index"] for event in events(engine, "start-task")] == [1]
    assert events(engine, "end-task") == []
    assert engine.redis.hgetall(engine.keys.open_attempts) == {}
    assert in_flight(engine) == 0
    assert [(a.number, a.result, bool(a.started)) for a in engine.attempts(workflow)] == [
        (1, "end", True)
    ] * 5


@pytest.mark.parametrize("namespace", ["", "ns:"])
@pytest.mark.parametrize("id", ["short", "w" * LONGEST, "w" * (LONGEST + 1), "w" * 200])
def test_scripts_and_bridge_make_the_same_ids(
    client: redis.Redis, redis_server: RedisServer, app: Celery, namespace: str, id: str
) -> None:
    """What is not the id that the script recorded would stay in flight for ever."""
    keys = Keys(namespace)
    engine = Client(redis=client, keys=keys)
    with serving(redis_server, app, keys):
        workflow = engine.start("math:collect → math:whoami(- $bind: none -)", workflow_id=id)
        output = engine.wait(workflow, timeout=LONG)
        wait_until(lambda: in_flight(engine) == 0, "nothing is in flight")
    assert output["attempt"] == {
        "workflow": workflow,
        "index": 2,
        "token": output["attempt"]["token"],
    }
    published = [e.detail for e in engine.trace(workflow) if e.what == "take"]
    assert len(published) == 2


def test_two_of_them_a_bridge_and_a_worker_share_the_work(
    engine: Client, redis_server: RedisServer, app: Celery
) -> None:
    plain = bridge_of(Client(redis_server.url), app, sweep=0.05)
    with (
        serving(redis_server, app),
        serving(redis_server, app),
        running(plain),
        lifecycle(Client(redis_server.url)),
    ):
        workflows = [
            engine.start("math:add([2, 3]) → { math:mul math:mul } → math:add") for _ in range(20)
        ]
        for workflow in workflows:
            assert engine.wait(workflow, timeout=LONG) == 20
        wait_until(lambda: in_flight(engine) == 0, "nothing is in flight")
    for workflow in workflows:
        check_once(engine, workflow)
    assert late(engine) == 0


def test_what_it_does_not_serve_goes_through_the_stream(
    engine: Client, redis_server: RedisServer, app: Celery
) -> None:
    player = Player(engine, lambda _: [4, 5])
    player_serves = {"other:a", "other:b"}
    with serving(redis_server, app):
        workflow = engine.start("math:add([2, 3]) → other:a → math:add → other:b → math:add")

        def played() -> bool:
            for entry in player.reader.read(100, 50):
                if kind_of(entry.fields) == "start-task":
                    task = start_task(entry.id, entry.fields)
                    if task.base in player_serves:
                        player.serve(task)
            return engine.views.state(workflow).ended

        wait_until(played, "it has ended", timeout=LONG)
    check_once(engine, workflow)
    assert engine.state(workflow).output == 9
    assert [event["base"] for event in events(engine, "start-task")] == [
        "math:add",
        "other:a",
        "other:b",
    ]


def test_a_step_with_a_queue_timeout_waits_in_the_stream(
    engine: Client, redis_server: RedisServer, app: Celery
) -> None:
    """Celery does not tell here when it begins a task: the stream alone is a queue with a clock."""
    with serving(redis_server, app):
        workflow = engine.start("math:add([2, 3]) → math:mul(- {$queue-timeout: 60} -) → math:mul")
        assert engine.wait(workflow, timeout=LONG) == 20
    assert [event["index"] for event in events(engine, "start-task")] == [1, 2]


def test_where_workers_tell_that_they_begin_it_is_queued_until_then(
    engine: Client, redis_server: RedisServer, app: Celery
) -> None:
    app.tasks["plain.mul"].track_started = True
    try:
        with serving(redis_server, app):
            text = "math:add([2, 3]) → math:mul(- {$queue-timeout: 60, $timeout: 60} -)"
            workflow = engine.start(f"{text} → math:add([1])")
            assert engine.wait(workflow, timeout=LONG) == 11
    finally:
        app.tasks["plain.mul"].track_started = False
    check_once(engine, workflow)
    whats = [(e.field, e.what) for e in engine.trace(workflow) if e.what in ("publish", "take")]
    # The worker runs without tracking: of `mul` no start is seen, of `add` publishing is the sign.
    assert whats == [("1", "take"), ("2", "publish"), ("3", "publish"), ("3", "take")]
    assert engine.redis.zcard(engine.keys.timers) == 0
