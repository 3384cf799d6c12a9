"""The app's own tasks while the same worker runs workflows, against the same tasks alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import redis
from celery import Celery

from benchmarks import flows
from benchmarks.ours import LOOK, PATIENCE, Engine, Pool, WrongOutcome, celery_environment, inside
from benchmarks.row import Measure, Race, Row, Side, scaled
from littleflow_redis import Flow

#: Workflows beside the tasks, and the steps of each, which outlast them.
WORKFLOWS, STEPS = 20, 400

#: The app's own task takes 10 ms, as each step does.
_TASK, _STEP = "benchmarks.celeryapp.count", "bench:nap"

#: Where the tasks that have run are counted.
_COUNTED = "counted"


@contextmanager
def own_tasks(amount: int, pool: Pool, beside: Flow | None = None) -> Iterator[Measure]:
    """So many tasks of the app's own, alone or beside workflows; the figure is tasks/s."""
    with inside(pool) as engine:
        url = celery_environment(engine.server)["CELERY_BROKER_URL"]
        with (
            Celery("bench", broker=url, set_as_current=False) as app,
            redis.Redis.from_url(url) as broker,
        ):
            yield lambda: _measured(engine, app, broker, amount, beside)


def _measured(
    engine: Engine, app: Celery, broker: redis.Redis, amount: int, beside: Flow | None
) -> float:
    broker.delete(_COUNTED)
    client = engine.client
    ids = [client.start(beside, input=1) for _ in range(WORKFLOWS)] if beside else []
    began = time.perf_counter()
    for _ in range(amount):
        app.send_task(_TASK, (_COUNTED,))
    while int(broker.get(_COUNTED) or 0) < amount:
        time.sleep(LOOK)
        if time.perf_counter() > began + PATIENCE:
            raise WrongOutcome(f"{amount} tasks were not done within {PATIENCE:g} s")
    seconds = time.perf_counter() - began
    if client.redis.scard(client.keys.running) < len(ids):
        raise WrongOutcome("the workflows were over before the tasks were")
    _end(engine, ids)
    return amount / seconds


def _end(engine: Engine, ids: list[str]) -> None:
    client = engine.client
    for id in ids:
        client.terminate(id)
    while client.redis.scard(client.keys.running):
        time.sleep(LOOK)
    for id in ids:
        client.delete(id)
    engine.settle()


def race(pool: Pool, scale: float) -> Race:
    amount = scaled(1000, scale)
    beside = flows.chain(STEPS, _STEP)
    return Race(
        f"{amount} tasks of 10 ms of the app's own, {pool.name} {pool.slots}",
        Side(f"beside {WORKFLOWS} workflows", partial(own_tasks, amount, pool, beside)),
        Side("alone", partial(own_tasks, amount, pool)),
    )


ROWS = tuple(
    Row(f"sharing-{pool.name}", "tasks/s", 0.5, partial(race, pool))
    for pool in (Pool("threads", 4), Pool("prefork", 2))
)
