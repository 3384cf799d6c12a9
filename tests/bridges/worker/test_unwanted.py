"""Steps in hand whose attempts were closed: timed out, or of workflows that are terminated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import RedisServer, wait_until

from ..serving import late
from .conftest import POOLS, Serve
from .test_exits import ended

Say = Callable[[str], None]

#: Steps that a worker holds beyond those that it runs, once it knows that tasks are short.
AHEAD = 2


@pytest.fixture
def control(redis_server: RedisServer) -> Iterator[Any]:
    broker = f"redis://{redis_server.host}:{redis_server.port}/1"
    with Celery(broker=broker, set_as_current=False) as app:
        yield app.control


def lines(ledger: Path) -> list[str]:
    return ledger.read_text().split()


def held(engine: Client) -> int:
    return engine.redis.hlen(engine.keys.publications + "inside")


def learn(engine: Client) -> None:
    """Have the worker see that its tasks are short: then it takes some ahead."""
    ids = [engine.start("inside:add → inside:add → inside:add", n) for n in range(20)]
    for id in ids:
        assert ended(engine, id) is WorkflowState.FINISHED


def occupy(engine: Client, ledger: Path, pool: str, more: str = "") -> list[str]:
    """Have every slot of the pool run a task that waits."""
    slots = POOLS[pool]
    ids = [engine.start(f"inside:linger{more}", "slot") for _ in range(slots)]
    wait_until(lambda: lines(ledger).count("slot-began") == slots, "every slot is taken")
    return ids


def nothing_reserved(control: Any) -> bool:
    """Whether the worker has no request in any state."""
    looks = (control.inspect().active(), control.inspect().reserved())
    return all(list(look.values()) == [[]] for look in looks if look)


@pytest.mark.parametrize("pool", POOLS)
def test_what_has_not_begun_is_dropped(
    engine: Client, serve: Serve, ledger: Path, say: Say, control: Any, pool: str
) -> None:
    worker = serve(pool, PREFETCH="16")
    learn(engine)
    running = occupy(engine, ledger, pool)
    timed = [engine.start("inside:mark(- $timeout: 2 -)", "timed") for _ in range(AHEAD)]
    stopped = [engine.start("inside:mark", "stopped") for _ in range(AHEAD)]
    wait_until(lambda: held(engine) >= len(running) + 2 * AHEAD, "all are held")
    for id in stopped:
        assert engine.terminate(id) in (WorkflowState.TERMINATING, WorkflowState.TERMINATED)
    for id in timed:
        assert ended(engine, id) is WorkflowState.FAILED
        assert "timed out" in engine.state(id).reason
    for id in stopped:
        assert ended(engine, id) is WorkflowState.TERMINATED
    wait_until(lambda: worker.output.count("event=withdrawn") == 2 * AHEAD, "all are dropped")
    for _ in running:
        say("go-slot")
    for id in running:
        assert ended(engine, id) is WorkflowState.FINISHED
    assert ended(engine, engine.start("inside:mark", "after")) is WorkflowState.FINISHED
    assert {"timed", "stopped"}.isdisjoint(lines(ledger)), "none of them has run"
    assert not held(engine)
    wait_until(lambda: nothing_reserved(control), "nothing is left in the worker")


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_what_runs_runs_on_and_its_end_is_late(
    engine: Client, serve: Serve, ledger: Path, say: Say, pool: str
) -> None:
    """Its place among the steps in hand is free, though its slot is not."""
    serve(pool)
    timed = occupy(engine, ledger, pool, "(- $timeout: 1 -)")
    for id in timed:
        assert ended(engine, id) is WorkflowState.FAILED
    assert not held(engine)
    after = engine.start("inside:mark", "after")
    wait_until(lambda: held(engine), "another step is taken", 20.0)
    for _ in timed:
        say("go-slot")
    assert ended(engine, after) is WorkflowState.FINISHED
    wait_until(lambda: late(engine) == len(timed), "all ends came too late")


def test_a_signal_ends_what_runs(engine: Client, serve: Serve, ledger: Path) -> None:
    serve("prefork", TERMINATE_SIGNAL="SIGKILL")
    timed, terminated = (
        engine.start(f"inside:linger{more}", "slot") for more in ("(- $timeout: 1 -)", "")
    )
    wait_until(lambda: lines(ledger).count("slot-began") == 2, "both run")
    assert ended(engine, timed) is WorkflowState.FAILED
    assert engine.terminate(terminated) is WorkflowState.TERMINATING
    assert ended(engine, terminated) is WorkflowState.TERMINATED
    # Nobody says go: both processes were ended.
    after = [engine.start("inside:mark", "after") for _ in range(4)]
    for id in after:
        assert ended(engine, id) is WorkflowState.FINISHED
    assert late(engine) == 0, "nothing is said of one that was ended"


def test_a_retry_of_a_closed_attempt_is_not_run(engine: Client, serve: Serve, ledger: Path) -> None:
    """Its message finds the attempt closed, and nothing is kept of it for bridges to revoke."""
    worker = serve("threads")
    id = engine.start("inside:later(- $timeout: 1 -)", "x")
    assert ended(engine, id) is WorkflowState.FAILED
    assert not engine.redis.hlen(engine.keys.abandoned_publications + "inside")
    wait_until(lambda: worker.output.count("inside.later[") >= 2, "it was published")
    after = engine.start("inside:add", 1)
    assert ended(engine, after) is WorkflowState.FINISHED
    assert "x" not in lines(ledger)
