"""Queues that a worker consumes, and steps of queues that nobody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.operations.unserved import unserved
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from tests.support import RedisServer, wait_until

from ..conftest import Start
from .conftest import Serve
from .test_exits import ended


@pytest.fixture
def control(redis_server: RedisServer) -> Iterator[Any]:
    """Remote control of the workers."""
    broker = f"redis://{redis_server.host}:{redis_server.port}/1"
    with Celery(broker=broker, set_as_current=False) as app:
        yield app.control


@pytest.fixture
def consumed(engine: Client) -> Callable[[], list[str]]:
    """The queues that the one worker says that it consumes."""

    def consumed() -> list[str]:
        (said,) = HeldAttempts(engine.context).living().values()
        return [*(said.queues or ())]

    return consumed


def waits_for(engine: Client, id: str) -> list[str]:
    return [one.queue for one in unserved(engine, id)]


@pytest.mark.parametrize("pool", ["solo", "prefork"])
def test_a_step_of_a_queue_that_nobody_consumes(
    engine: Client, serve: Serve, control: Any, consumed: Callable[[], list[str]], pool: str
) -> None:
    serve(pool, "-Q", "celery")
    routed = engine.start("inside:add → inside:apart", 1)
    named = engine.start("inside:nothing(- $celery: {queue: nowhere} -)", 1)
    wait_until(lambda: waits_for(engine, routed) == ["apart"], "its queue is known")
    assert waits_for(engine, named) == ["nowhere"]
    control.add_consumer("apart")
    wait_until(lambda: consumed() == ["celery", "apart"], "it says so")
    assert ended(engine, routed) is WorkflowState.FINISHED
    control.cancel_consumer("apart")
    wait_until(lambda: consumed() == ["celery"], "it says so")
    again = engine.start("inside:apart")
    wait_until(lambda: waits_for(engine, again) == ["apart"], "nobody consumes it any more")
    for id in (named, again):
        engine.terminate(id)


def test_it_is_reported_while_one_waits_for_the_workflow(
    engine: Client, serve: Serve, start: Start, tmp_path: Path
) -> None:
    serve("threads", "-Q", "celery")
    flow = tmp_path / "a.flow"
    flow.write_text("inside:nothing(- $celery: {queue: nowhere} -)")
    running = start("run", str(flow), "--wait", "--workflow-id", "w")
    running.wait_for_output(
        "waits: no Celery worker that serves steps consumes the queue 'nowhere' (inside:nothing)"
    )
    engine.terminate("w")
    assert running.wait() == 1
