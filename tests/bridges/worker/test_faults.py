"""Celery workers that serve steps are killed, stopped and cut off from their broker."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery.app.control import Control

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import LONG, RedisServer, wait_until

from .conftest import KINDS, POOLS, Serve, wait_for_pool

#: Workflows of one test, of three steps each.
MANY = 12

FLOW = "inside:mark(- $bind: whole -) → { inside:mark inside:mark } → inside:nothing"


def start_all(engine: Client) -> list[str]:
    return [engine.start(FLOW, f"line-{number}") for number in range(MANY)]


def all_end(engine: Client, ids: list[str]) -> None:
    wait_until(lambda: not engine.redis.scard(engine.keys.running), "all have ended", 60.0)
    for id in ids:
        assert engine.state(id).state is WorkflowState.FINISHED, engine.state(id).reason
    for category in ("inside", ""):
        assert not engine.redis.hlen(engine.keys.publications + category), "nothing is held"


def lines(ledger: Path) -> Counter[str]:
    return Counter(ledger.read_text().split())


def ends_once(engine: Client, ids: list[str]) -> None:
    for id in ids:
        ends: Any = Counter(entry.step for entry in engine.trace(id) if entry.what == "end")
        assert set(ends.values()) == {1}, ends


@pytest.mark.parametrize("pool", KINDS)
def test_a_worker_is_killed(engine: Client, serve: Serve, ledger: Path, pool: str) -> None:
    worker = serve(pool, LIFETIME="1")
    ids = start_all(engine)
    wait_until(lambda: len(ledger.read_text().split()) > 3, "it works")
    worker.kill_group()
    serve(pool, LIFETIME="1")
    all_end(engine, ids)
    ends_once(engine, ids)
    assert set(lines(ledger)) == {f"line-{number}" for number in range(MANY)}
    assert all(count >= 3 for count in lines(ledger).values())


@pytest.mark.parametrize("pool", KINDS)
def test_a_worker_is_stopped(engine: Client, serve: Serve, ledger: Path, pool: str) -> None:
    """Nothing is run twice, and nothing waits for a heartbeat to run out."""
    worker, ids = serve(pool, LIFETIME="300"), start_all(engine)
    wait_until(lambda: len(ledger.read_text().split()) > 3, "it works")
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0, worker.output[-3000:]
    assert not engine.redis.hlen(engine.keys.publications + "inside"), "all is handed back"
    assert not engine.redis.hlen(engine.keys.served)
    serve(pool, LIFETIME="300")
    all_end(engine, ids)
    assert lines(ledger) == Counter({f"line-{number}": 3 for number in range(MANY)})


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_is_stopped_cold(
    engine: Client, serve: Serve, ledger: Path, control: Control, pool: str
) -> None:
    """The pool was stopped before the consumer, and what followed failed: "cannot schedule new
    futures after shutdown".
    """
    worker = serve(pool, LIFETIME="300")
    ids = [engine.start("inside:linger → inside:mark", "a") for _ in range(POOLS[pool])]
    wait_until(lambda: lines(ledger)["a-began"] == len(ids), "all run")
    wait_for_pool(pool, control)
    worker.signal(signal.SIGQUIT)
    worker.wait_for_output("Hitting Ctrl+C again")
    with ledger.open("a") as file:
        file.write("go-a\n")
    worker.wait()
    serve(pool, LIFETIME="300")
    all_end(engine, ids)
    ends_once(engine, ids)


def test_children_are_replaced(engine: Client, serve: Serve, ledger: Path) -> None:
    serve("prefork", "--max-tasks-per-child", "1")
    ids = start_all(engine)
    all_end(engine, ids)
    assert lines(ledger) == Counter({f"line-{number}": 3 for number in range(MANY)})


@pytest.mark.parametrize("pool", POOLS)
def test_one_that_computes_for_long_is_alive(
    engine: Client, serve: Serve, ledger: Path, pool: str
) -> None:
    serve(pool, LIFETIME="1")
    id = engine.start("inside:hold(- seconds: 4 -)", "long")
    wait_until(lambda: "long" in ledger.read_text(), "it computes")
    serve("threads", LIFETIME="1")
    all_end(engine, [id])
    assert lines(ledger) == {"long": 1}


def kill_again_and_again(server: RedisServer, ledger: Path) -> None:
    for _ in range(3):
        seen = len(ledger.read_text().split())
        wait_until(lambda seen=seen: len(ledger.read_text().split()) > seen + 2, "it works")
        server.kill()
        server.start()


@pytest.mark.parametrize("pool", KINDS)
def test_the_broker_is_killed_again_and_again(
    engine: Client,
    serve: Serve,
    ledger: Path,
    own_server: Callable[..., RedisServer],
    pool: str,
) -> None:
    broker = own_server()
    worker = serve(pool, CELERY_BROKER_URL=broker.url)
    ids = start_all(engine)
    kill_again_and_again(broker, ledger)
    all_end(engine, ids)
    assert lines(ledger) == Counter({f"line-{number}": 3 for number in range(MANY)})
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0, worker.output[-3000:]


@pytest.mark.parametrize("pool", KINDS)
def test_redis_is_killed_again_and_again(
    serve: Serve, ledger: Path, own_server: Callable[..., RedisServer], pool: str
) -> None:
    """All that it had persisted; the broker is another one."""
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    serve(pool, REDIS_URL=server.url, LIFETIME="1")
    engine = Client(server.url)
    ids = start_all(engine)
    kill_again_and_again(server, ledger)
    all_end(engine, ids)
    ends_once(engine, ids)
    assert set(lines(ledger)) == {f"line-{number}" for number in range(MANY)}
    engine.redis.close()


@pytest.mark.parametrize("pool", KINDS)
def test_a_worker_is_stopped_while_it_runs_a_retry(
    engine: Client, serve: Serve, ledger: Path, pool: str
) -> None:
    """Its message is the broker's until then, and nobody else runs it after."""
    worker = serve(pool, LIFETIME="300")
    id = engine.start("inside:retried", "again")
    wait_until(lambda: "again-began" in ledger.read_text(), "the retry runs")
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0, worker.output[-3000:]
    serve(pool, LIFETIME="300")
    all_end(engine, [id])
    after = engine.start("inside:add", 1)
    all_end(engine, [after])
    assert lines(ledger) == {"again-began": 1, "again": 1}


def test_a_worker_that_stops_leaves_what_follows_to_others(
    engine: Client, serve: Serve, ledger: Path
) -> None:
    stopping = serve("threads", LIFETIME="300")
    long, short = (
        engine.start("inside:linger", "long"),
        engine.start("inside:linger → inside:mark", "a"),
    )
    wait_until(lambda: lines(ledger).keys() == {"long-began", "a-began"}, "both run")
    stopping.signal(signal.SIGTERM)
    serve("threads", LIFETIME="300")
    with ledger.open("a") as file:
        file.write("go-a\n")
    wait_until(lambda: engine.state(short).state.ended, "another worker goes on", 30.0)
    assert not engine.state(long).state.ended
    with ledger.open("a") as file:
        file.write("go-long\n")
    assert stopping.wait() == 0, stopping.output[-3000:]
    all_end(engine, [long, short])


def test_a_pool_grows_with_the_steps_that_wait(engine: Client, serve: Serve, ledger: Path) -> None:
    serve("prefork", "--autoscale", "3,1")
    ids = [engine.start("inside:linger", "x") for _ in range(3)]
    wait_until(lambda: lines(ledger)["x-began"] == 3, "all run at once", 30.0)
    with ledger.open("a") as file:
        file.write("go-x\n")
    all_end(engine, ids)


@pytest.mark.parametrize("pool", KINDS)
def test_a_full_pool_is_restarted_again_and_again(
    engine: Client, serve: Serve, ledger: Path, pool: str, control: Control
) -> None:
    """By remote control; of all pools prefork alone can do so, and the others run on."""
    serve(pool)
    ids = start_all(engine)
    for _ in range(3):
        seen = lines(ledger).total()
        wait_until(lambda seen=seen: lines(ledger).total() > seen + 2, "it works")
        (reply,) = control.broadcast("pool_restart", reply=True, timeout=LONG, limit=1)
        assert "reload started" in str(reply)
    all_end(engine, ids)
    assert lines(ledger) == Counter({f"line-{number}": 3 for number in range(MANY)})


def test_a_pool_shrinks_and_grows_with_steps_on_the_way(
    engine: Client, serve: Serve, ledger: Path, control: Control
) -> None:
    serve("prefork", "--autoscale", "3,1", AUTOSCALE_KEEPALIVE="0.005")
    ids = []
    for _ in range(4):
        seen = lines(ledger).total()
        ids += start_all(engine)
        wait_until(lambda seen=seen: lines(ledger).total() > seen + 8, "it works")
    all_end(engine, ids)
    assert lines(ledger) == Counter({f"line-{number}": 12 for number in range(MANY)})


@pytest.mark.parametrize("pool", ["threads", "gevent", "eventlet"])
def test_what_waits_for_a_slot_of_a_pool_that_stops_is_handed_back(
    engine: Client, serve: Serve, ledger: Path, pool: str
) -> None:
    """It was left in the pool's own queue, until what ran had ended or longer."""
    worker = serve(pool, "--concurrency", "1", LIFETIME="300")
    # So that the tasks are known to be short, and several are taken on.
    all_end(engine, [engine.start("inside:nothing") for _ in range(40)])
    names = ["a", "b", "c", "d"]
    ids = [engine.start("inside:linger", name) for name in names]
    held = engine.keys.publications + "inside"
    wait_until(lambda: engine.redis.hlen(held) >= 3, "some wait")
    wait_until(lambda: lines(ledger).total() == 1, "one runs")
    worker.signal(signal.SIGTERM)
    wait_until(lambda: engine.redis.hlen(held) == 1, "the others are handed back")
    serve(pool, LIFETIME="300")
    with ledger.open("a") as file:
        file.writelines(f"go-{name}\n" for name in names)
    assert worker.wait() == 0, worker.output[-3000:]
    all_end(engine, ids)
    assert {name: lines(ledger)[f"{name}-began"] for name in names} == dict.fromkeys(names, 1)


def test_the_first_task_waits_for_the_helper_that_beats(
    engine: Client, serve: Serve, ledger: Path, tmp_path: Path
) -> None:
    """One that computes from the start was taken over: the helper was slow to come up."""
    slow = 'import sys, time\nif "heartbeat" in str(sys.orig_argv):\n    time.sleep(4)\n'
    (tmp_path / "sitecustomize.py").write_text(slow)
    other = serve("threads", "-Q", "apart", LIFETIME="1")
    id = engine.start("inside:hold(- seconds: 4 -)", "long")
    serve("threads", LIFETIME="1", PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    all_end(engine, [id])
    assert "taken-over" not in other.output
