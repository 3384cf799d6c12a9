"""Brokers and result backends of every kind beside workers that serve steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.rabbit import RabbitServer
from tests.support import RedisServer, Spawned, wait_until

from .conftest import APPS, KINDS, Serve, worker_command

#: Tasks that send themselves through the broker once more, and some that do not.
FLOW = (
    "{ inside:persist(- $bind: whole -) inside:again inside:sending inside:add } → inside:nothing"
)


def finished(engine: Client, *ids: str) -> None:
    for id in ids:
        wait_until(lambda id=id: engine.state(id).state.ended, f"{engine.source(id)} ends")
        assert engine.state(id).state is WorkflowState.FINISHED, engine.state(id).reason


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    server = RabbitServer(tmp_path_factory.mktemp("rabbit")).start()
    yield server
    server.kill()


@pytest.mark.parametrize("pool", KINDS)
def test_rabbitmq_with_results_through_it(
    engine: Client, serve: Serve, rabbit: RabbitServer, pool: str
) -> None:
    serve(pool, CELERY_BROKER_URL=rabbit.url, CELERY_RESULT_BACKEND="rpc://")
    finished(engine, *(engine.start(FLOW, number) for number in range(4)))


def test_results_are_stored_for_who_asks(
    engine: Client, serve: Serve, redis_server: RedisServer
) -> None:
    """As of any task that does not ignore its result."""
    url = f"redis://{redis_server.host}:{redis_server.port}/0"
    serve("threads", CELERY_RESULT_BACKEND=url)
    id = engine.start(FLOW, 1)
    finished(engine, id)
    assert len(engine.redis.keys("celery-task-meta-*")) == 5


@pytest.mark.parametrize("pool", [pool for pool in KINDS if pool != "prefork"])
def test_the_broker_in_memory(engine: Client, serve: Serve, pool: str) -> None:
    worker = serve(pool, CELERY_BROKER_URL="memory://")
    finished(engine, *(engine.start(FLOW, number) for number in range(4)))
    worker.process.terminate()
    assert worker.wait() == 0, worker.output[-3000:]


def test_the_broker_in_memory_is_refused_where_processes_would_each_have_one(
    spawn: Callable[..., Spawned], redis_server: RedisServer
) -> None:
    """Their retries were lost, and the worker did not always end."""
    given = {**redis_server.environment, "CELERY_BROKER_URL": "memory://"}
    worker = spawn(worker_command("prefork"), env=given, cwd=APPS)
    assert worker.wait() == 1
    assert "use --pool threads or solo, or another broker" in worker.output


@pytest.mark.parametrize("pool", KINDS)
def test_a_retry_that_waits_longer_than_the_broker_thinks_it_may(
    engine: Client, serve: Serve, ledger: Path, own_server: Callable[..., RedisServer], pool: str
) -> None:
    """It comes twice, and ends once."""
    broker = own_server()
    serve(pool, CELERY_BROKER_URL=broker.url, VISIBILITY="1")
    id = engine.start("inside:postponed(- seconds: 5 -)")

    def deliveries() -> int:
        stats = redis.info("commandstats")
        return sum(stats.get(f"cmdstat_{end}push", {"calls": 0})["calls"] for end in "lr")

    with broker.client() as redis:
        wait_until(
            lambda: redis.zcount("unacked_index", "-inf", time.time() - 1),
            "it has waited for longer than it may",
        )
        # Whoever connects looks for such messages.
        redis.client_kill_filter(_type="normal", skipme=True)
        wait_until(lambda: deliveries() == 2, "it is delivered again")
        finished(engine, id)
        wait_until(lambda: not redis.exists("unacked", "celery"), "nothing is delivered any more")
    assert ledger.read_text().split() == ["again"]
