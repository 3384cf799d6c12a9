"""Progress that tasks report while they run, and what the children of a pool have open."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.keys import Keys
from tests.support import RedisServer, wait_until

from .conftest import POOLS, Serve
from .descriptors import children_of, connections, has_open, own_pipes
from .test_exits import ended, output

#: Seconds that a task may take for many reports while Redis is away: it waits for one of them.
SOON = 8.0

Say = Callable[[str], None]

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc shows descriptors")


def note_of(engine: Client, id: str) -> str:
    return engine.state(id).steps[1].note


@pytest.mark.parametrize("pool", POOLS)
def test_it_is_shown_and_stored(
    engine: Client, serve: Serve, ledger: Path, say: Say, redis_server: RedisServer, pool: str
) -> None:
    results = f"redis://{redis_server.host}:{redis_server.port}/2"
    serve(pool, CELERY_RESULT_BACKEND=results)
    id = engine.start("inside:report(- times: 2 -)", "a")
    wait_until(lambda: "a-began" in ledger.read_text(), "it runs")
    assert note_of(engine, id) == ""
    say("go-a")
    wait_until(lambda: "a-reported" in ledger.read_text(), "it has reported")
    assert note_of(engine, id) == 'LOADING {"done":2,"of":2}'
    (task,) = engine.redis.hkeys(engine.keys.publications + "inside")
    with redis.Redis.from_url(results) as stored:
        record = json.loads(stored.get(b"celery-task-meta-" + task) or "")
    assert (record["status"], record["result"]) == ("LOADING", {"done": 2, "of": 2})
    say("end-a")
    ended(engine, id)


def test_retries_are_shown(engine: Client, serve: Serve, ledger: Path) -> None:
    serve("threads")
    id = engine.start("inside:retried", "a")
    wait_until(lambda: "a-began" in ledger.read_text(), "the retry runs")
    assert note_of(engine, id) == "Celery retry 1"
    ended(engine, id)


def test_the_keys_may_have_a_namespace(
    client: redis.Redis, serve: Serve, ledger: Path, say: Say
) -> None:
    engine = Client(redis=client, keys=Keys("n:"))
    serve("prefork", LITTLEFLOW_NAMESPACE="n:")
    id = engine.start("inside:report", "a")
    say("go-a")
    wait_until(lambda: "a-reported" in ledger.read_text(), "it has reported")
    assert note_of(engine, id).startswith("LOADING")
    say("end-a")
    assert ended(engine, id) == "FINISHED"


@pytest.mark.parametrize("pool", POOLS)
def test_a_task_does_not_fail_for_want_of_redis(
    serve: Serve, ledger: Path, say: Say, own_server: Callable[..., RedisServer], pool: str
) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    serve(pool, REDIS_URL=server.url, LIFETIME="300")
    engine = Client(server.url)
    id = engine.start("inside:report(- times: 500 -)", "a")
    wait_until(lambda: "a-began" in ledger.read_text(), "it runs")
    server.kill()
    began = time.monotonic()
    say("go-a")
    wait_until(lambda: "a-reported" in ledger.read_text(), "it goes on")
    assert time.monotonic() - began < SOON
    server.start()
    say("end-a")
    assert ended(engine, id) == "FINISHED"
    engine.redis.close()


@on_linux
def test_children_have_nothing_of_the_main_process_open(
    serve: Serve, ledger: Path, say: Say, own_server: Callable[..., RedisServer]
) -> None:
    """They are forked again and again, while the threads of the main process talk to Redis."""
    server = own_server()
    worker = serve("prefork", "--max-tasks-per-child", "1", REDIS_URL=server.url)
    engine = Client(server.url)
    for number in range(4):
        assert ended(engine, engine.start("inside:add", number)) == "FINISHED"
    id = engine.start("inside:report", "a")
    wait_until(lambda: "a-began" in ledger.read_text(), "it runs")
    assert connections(worker.pid, server.port)
    assert len(own_pipes(worker.pid)) == 1, "that which wakes the consumer"

    def closed() -> list[int]:
        """The children, if none has anything open. One that was just forked closes it next."""
        children = children_of(worker.pid)
        for child in children:
            assert not connections(child, server.port)
            assert not has_open(child, own_pipes(worker.pid))
        return children

    children = wait_until(closed, "nothing is open")
    assert len(children) >= POOLS["prefork"]
    say("go-a")
    wait_until(lambda: "a-reported" in ledger.read_text(), "it has reported")
    assert [len(connections(child, server.port)) for child in children].count(1) == 1
    say("end-a")
    assert ended(engine, id) == "FINISHED"
    assert output(engine, id) in children
    engine.redis.close()
