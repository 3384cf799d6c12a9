"""Listeners and steps that must not run twice: `$on-lost: fail`."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest
import redis

from littleflow_redis import Client, StepState
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.tasks.current import current_task
from littleflow_redis.workers.functions import Functions
from tests.faults import Fault, Plan, every_fault, faulty_client
from tests.support import RedisServer, wait_until
from tests.workers.scenes import PATIENCE, names, wait_for_step

from .test_listener_process import Start, ledger, wait_for_ledger
from .test_listener_process import engine as engine
from .test_listener_process import start as start
from .turning import Turning, serve_to_the_end

LONG, QUICK = "work:long(- $on-lost: fail -)", "work:quick(- {value: 1, $on-lost: fail} -)"


@pytest.mark.parametrize("concurrency", [1, 2])
def test_what_a_listener_ran_that_was_killed_is_not_run_again(
    engine: Client, start: Start, tmp_path: Path, concurrency: int
) -> None:
    first = start(concurrency=concurrency)
    workflow = engine.start(f"{LONG} → work:quick")
    wait_for_ledger(tmp_path, 1)

    first.signal(signal.SIGKILL)
    first.wait()
    start(concurrency=concurrency)
    wait_until(lambda: engine.state(workflow).state.ended, "it fails")

    view = engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert "it may have run, and $on-lost: fail forbids another run" in view.reason
    assert [what for what, _ in ledger(tmp_path)] == ["begin"]

    # A person has looked, and lets it run again.
    (tmp_path / "go").touch()
    engine.restart(workflow)
    engine.wait(workflow, timeout=PATIENCE)
    assert [what for what, _ in ledger(tmp_path)] == ["begin", "begin", "end", "quick"]


def test_what_it_had_not_begun_is_run_by_another(
    engine: Client, start: Start, tmp_path: Path
) -> None:
    stopping = start()
    # Only who is known to be quick takes several at once.
    engine.wait(engine.start(names(["work:quick"] * 50)), timeout=PATIENCE)
    workflow = engine.start(names([LONG, *[QUICK] * 5]))
    wait_for_ledger(tmp_path, 1)
    stopping.signal(signal.SIGTERM)
    stopping.wait_for_output("event=stopping")
    (tmp_path / "go").touch()
    assert stopping.wait() == 0
    wait_for_step(engine, workflow, 2, StepState.ENDED)

    start(claim_idle=100.0)
    assert engine.wait(workflow, timeout=PATIENCE) == ["done", *[1] * 5]
    assert Counter(what for what, _ in ledger(tmp_path)) == {"begin": 1, "end": 1, "quick": 55}


def test_a_listener_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    """A lost reply costs nothing; after a death each step has run once, or fails and says so."""
    engine = Client(redis=client)
    runs: Counter[str] = Counter()
    functions = Functions("math")

    def add(*numbers: int) -> int:
        task = current_task()
        runs[f"{task.index}:{task.token}"] += 1
        return sum(numbers) + 1

    functions.add("add", add, "spread")
    step = "math:add(- $on-lost: fail -)"

    def scenario(plan: Plan) -> None:
        client.flushall()
        runs.clear()
        serving = Turning(Client(redis=faulty_client(redis_server, plan)), functions)
        workflow = engine.start(f"<- [1] -> → {{ {step} {step} }} → {step}")
        serve_to_the_end(engine, workflow, serving, functions)
        view = engine.state(workflow)
        assert set(runs.values()) <= {1}, runs
        if plan.fault in (None, Fault.LOSE_REPLY):
            assert view.state is WorkflowState.FINISHED, view.reason
            assert sum(runs.values()) == 3
        else:
            assert view.state is WorkflowState.FINISHED or "forbids" in view.reason, view

    plans = list(every_fault(scenario))
    assert sum(plan.fault is Fault.DIE_AFTER for plan in plans) > 8


def test_a_function_that_was_interrupted_is_not_run_again(engine: Client) -> None:
    """Its listener leaves then, and hands back what it holds; but this has begun."""
    runs: list[int] = []
    functions = Functions("math")

    def leave() -> None:
        runs.append(1)
        raise KeyboardInterrupt

    functions.add("leave", leave, None)
    first = Turning(engine, functions, lifetime=60.0)
    workflow = engine.start("math:leave(- $on-lost: fail -)")
    with pytest.raises(KeyboardInterrupt):
        wait_until(first.turn, "it is interrupted")
    first.close()
    wait_until(lambda: engine.state(workflow).state.ended, "it fails")
    assert "forbids another run" in engine.state(workflow).reason
    assert runs == [1]
