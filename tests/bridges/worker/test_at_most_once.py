"""Steps that must not run twice (`$on-lost: fail`), inside the Celery worker, on each pool."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from celery.app.control import Control

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState, WorkflowState
from tests.support import LONG, RedisServer, wait_until

from .conftest import POOLS, Serve, wait_for_pool
from .descriptors import children_of
from .test_exits import ended, output
from .test_faults import MANY, all_end, kill_again_and_again, lines

ONCE = "$on-lost: fail, $retry: {limit: 3, delay: 0.05}"

#: Of three steps, like that of ``test_faults``.
FLOW = (
    f"inside:mark(- {{$bind: whole, {ONCE}}} -) → {{ inside:mark(- {{{ONCE}}} -)"
    f" inside:mark(- {{{ONCE}}} -) }} → inside:nothing"
)

LINGER = f"inside:linger(- {{{ONCE}}} -)"


def start_all(engine: Client) -> list[str]:
    return [engine.start(FLOW, f"line-{number}") for number in range(MANY)]


def all_ran_once(ledger: Path) -> None:
    """Each of the steps that have the line of their workflow."""
    assert lines(ledger) == Counter({f"line-{number}": 3 for number in range(MANY)})


def check_lost(engine: Client, id: str, reason: str = "forbids another run") -> None:
    """It has failed, and nothing of it is left."""
    assert ended(engine, id) is WorkflowState.FAILED
    assert reason in engine.state(id).reason
    assert "WorkerLostError" in engine.state(id).reason
    assert [entry.what for entry in engine.trace(id)].count("fail") == 1
    wait_until(lambda: not engine.redis.hlen(engine.keys.publications + "inside"), "nothing held")


#: A pool, and what comes before the step: it is read from the stream then, or handed over.
READ = [(pool, "") for pool in POOLS]


@pytest.mark.parametrize(("pool", "before"), [*READ, ("threads", "inside:nothing → ")])
def test_what_ran_in_a_worker_that_was_killed_is_not_run_again(
    engine: Client, serve: Serve, ledger: Path, say: Callable[[str], None], pool: str, before: str
) -> None:
    worker = serve(pool, LIFETIME="1")
    step = f"inside:linger(- {{line: a, $bind: none, {ONCE}}} -)"
    id = engine.start(f"{before}{step} → inside:nothing")
    wait_until(lambda: "a-began" in ledger.read_text(), "it runs")
    worker.kill_group()
    other = serve(pool, LIFETIME="1")
    check_lost(engine, id)
    assert lines(ledger) == {"a-began": 1}
    other.wait_for_output("event=lost")
    say("go-a")
    # A person has looked, and lets it run again.
    engine.restart(id)
    assert ended(engine, id) is WorkflowState.FINISHED
    assert lines(ledger)["a-began"] == 2


def test_its_failure_may_lead_on(engine: Client, serve: Serve, ledger: Path) -> None:
    """It fails in whoever finds the dead worker, and the next step begins there."""
    worker = serve("threads", LIFETIME="1")
    step = f"inside:linger(- {{{ONCE}, $on-failure: continue}} -)"
    id = engine.start(f"{step} → inside:nothing", "a")
    wait_until(lambda: "a-began" in ledger.read_text(), "it runs")
    worker.kill_group()
    serve("threads", LIFETIME="1")
    assert ended(engine, id) is WorkflowState.FINISHED
    assert engine.state(id).steps[1].state is StepState.ENDED
    assert lines(ledger) == {"a-began": 1}


@pytest.mark.parametrize("task", ["fall", "fall_late", "fall_again", "fall_later"])
def test_a_child_that_was_killed_does_not_run_it_again(
    engine: Client, serve: Serve, ledger: Path, task: str
) -> None:
    """Whatever the task's own settings say, and although `$retry` would."""
    serve("prefork")
    id = engine.start(f"inside:{task}(- {{{ONCE}}} -)", "x")
    check_lost(engine, id, "signal 9")
    after = engine.start("inside:add", 1)
    assert ended(engine, after) is WorkflowState.FINISHED
    assert lines(ledger) == {"x": 1}


def test_without_it_a_child_that_was_killed_is_retried(
    engine: Client, serve: Serve, ledger: Path
) -> None:
    serve("prefork")
    id = engine.start("inside:fall(- $retry: {limit: 2, delay: 0.05} -)", "x")
    assert ended(engine, id) is WorkflowState.FAILED
    assert lines(ledger) == {"x": 3}


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_is_stopped(engine: Client, serve: Serve, ledger: Path, pool: str) -> None:
    """What had not begun is run by another, at once."""
    worker, ids = serve(pool, LIFETIME="300"), start_all(engine)
    wait_until(lambda: len(ledger.read_text().split()) > 3, "it works")
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0, worker.output[-3000:]
    serve(pool, LIFETIME="300")
    all_end(engine, ids)
    all_ran_once(ledger)


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_is_stopped_cold(
    engine: Client,
    serve: Serve,
    ledger: Path,
    say: Callable[[str], None],
    control: Control,
    pool: str,
) -> None:
    """What ran is cut off, or ends; what had not begun is run by another."""
    worker = serve(pool, LIFETIME="300")
    ids = [engine.start(LINGER, "a") for _ in range(POOLS[pool] + 3)]
    wait_until(lambda: lines(ledger)["a-began"] == POOLS[pool], "the pool is full")
    wait_for_pool(pool, control)
    worker.signal(signal.SIGQUIT)
    worker.wait_for_output("Hitting Ctrl+C again")
    say("go-a")
    worker.wait()
    serve(pool, LIFETIME="300")
    for id in ids:
        if ended(engine, id) is WorkflowState.FAILED:
            check_lost(engine, id)
    failed = sum(engine.state(id).state is WorkflowState.FAILED for id in ids)
    assert failed <= POOLS[pool]
    assert lines(ledger)["a-began"] == len(ids)


@pytest.mark.parametrize("pool", POOLS)
def test_the_broker_is_killed_again_and_again(
    engine: Client,
    serve: Serve,
    ledger: Path,
    own_server: Callable[..., RedisServer],
    pool: str,
) -> None:
    """What the pool had not begun is given to it again, and no more."""
    broker = own_server()
    serve(pool, CELERY_BROKER_URL=broker.url)
    ids = start_all(engine)
    kill_again_and_again(broker, ledger)
    all_end(engine, ids)
    all_ran_once(ledger)


@pytest.mark.parametrize("pool", POOLS)
def test_a_task_may_ask_for_another_run(engine: Client, serve: Serve, pool: str) -> None:
    """That is no loss: its own code says so."""
    serve(pool)
    rejected = engine.start(f"inside:again(- {{{ONCE}}} -)", "x")
    retried = engine.start(f"inside:persist(- {{{ONCE}}} -)", 7)
    sent = engine.start(f"inside:sending(- {{{ONCE}}} -)", 1)
    for id, wanted in ((rejected, "x"), (retried, [7, 2]), (sent, "itself")):
        assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason
        assert output(engine, id) == wanted


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_retry_that_ran_in_a_worker_that_was_killed_is_not_run_again(
    engine: Client, serve: Serve, ledger: Path, pool: str
) -> None:
    """Its message is the broker's until its end is applied, and is delivered again."""
    worker = serve(pool, LIFETIME="1")
    id = engine.start(f"inside:retried(- {{{ONCE}, seconds: 60}} -)", "x")
    wait_until(lambda: "x-began" in ledger.read_text(), "the retry runs")
    worker.kill_group()
    serve(pool, LIFETIME="1")
    check_lost(engine, id)
    assert lines(ledger) == {"x-began": 1}


def test_a_step_that_a_process_was_given_may_have_begun(
    engine: Client, serve: Serve, ledger: Path, control: Control
) -> None:
    """Nobody has heard from the process when its worker stops: another must not run the step."""
    worker = serve("prefork", LIFETIME="300")
    assert ended(engine, engine.start("inside:add", 1)) is WorkflowState.FINISHED
    children = children_of(worker.pid)
    for child in children:
        os.kill(child, signal.SIGSTOP)
    id = engine.start(f"inside:mark(- {{{ONCE}}} -)", "x")
    worker.wait_for_output("Task inside.mark")
    assert control.ping(timeout=LONG, limit=1), "since then its loop has given it to a process"
    worker.signal(signal.SIGTERM)
    worker.wait_for_output("Warm shutdown")
    for child in children:
        os.kill(child, signal.SIGKILL)
    worker.wait()
    check_lost(engine, id)
    assert "event=lost" in worker.output, "the worker itself has given it up"
    serve("prefork", LIFETIME="300")
    assert ended(engine, engine.start("inside:mark", "after")) is WorkflowState.FINISHED
    assert lines(ledger) == {"after": 1}
