"""Work that is no longer wanted, where a worker does it, or none is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from celery import Celery

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState
from tests.support import Spawned, wait_until

from .conftest import APPS, WORKER
from .serving import LONG, bridge_of, in_flight, running


def closed(engine: Client) -> int:
    return engine.redis.hlen(engine.keys.abandoned_publications + "math")


def test_a_signal_ends_what_runs(
    engine: Client,
    app: Celery,
    spawn: Callable[..., Spawned],
    celery_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    environment = {**celery_environment, "LEDGER": str(tmp_path / "ledger")}
    worker = spawn([*WORKER, "--pool", "prefork", "-c", "1"], env=environment, cwd=APPS)
    worker.wait_for_output("ready.")
    with running(bridge_of(engine, app, sweep=0.1, terminate_signal="SIGTERM")):
        workflow = engine.start("math:nap(- {line: long, seconds: 600} -)")
        wait_until(lambda: "Task plain.nap" in worker.output, "the worker has it", LONG)
        engine.terminate(workflow)
        wait_until(lambda: engine.views.state(workflow).ended, "it has ended", LONG)
        assert engine.wait(engine.start("math:add([4, 5])"), timeout=LONG) == 9
    assert not (tmp_path / "ledger").exists()


def test_after_the_grace_a_task_is_let_go(engine: Client, app: Celery) -> None:
    """No worker is there to say anything."""
    with running(bridge_of(engine, app, sweep=0.05, revoke_for=3.0)) as bridge:
        workflow = engine.start("math:add([2, 3])")
        wait_until(lambda: in_flight(engine) == 1, "it is published")
        engine.terminate(workflow)
        engine.terminate(workflow)
        assert closed(engine) == 1
        wait_until(lambda: closed(engine) == 0, "it is let go")
        wait_until(lambda: bridge.context.publications.ids == set(), "nothing is remembered")
    assert engine.state(workflow).steps[1].state is StepState.CANCELLED
