"""Much at once: joins that complete in the same instant, timers that are all due, a backlog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import end_fields
from littleflow_redis.events.event_codec import encode
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import Player, append, hurry
from tests.support import RedisServer, wait_until

#: Workflows of a burst, and timers that are due in the same instant.
JOINS, TIMERS = 1000, 5000

#: Seconds; only a test that fails waits so long.
LONG = 60.0


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@pytest.fixture
def workers(redis_server: RedisServer, engine: Client) -> Iterator[list[LifecycleWorker]]:
    """Two workers in threads of their own."""
    workers = [LifecycleWorker(Client(redis_server.url)) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        for worker in workers:
            threads.submit(worker.run)
        yield workers
        for worker in workers:
            worker.stop.set()


def finished(engine: Client) -> int:
    count: Any = engine.redis.zcard(f"{engine.keys.index}:FINISHED")
    return int(count)


def test_a_thousand_joins_at_once(engine: Client, workers: list[LifecycleWorker]) -> None:
    last = []
    player = Player(engine)
    player.end = last.append  # type: ignore[method-assign,assignment]
    ids = [engine.start("{ A B } → C") for _ in range(JOINS)]
    wait_until(lambda: player.turn() == 0 and len(last) == 2 * JOINS, "all is taken", LONG)
    with engine.redis.pipeline(transaction=True) as pipe:
        for task in last:
            fields: Any = encode(end_fields(task, output={task.name: 1}))
            # Each twice: of which one is late.
            pipe.xadd(engine.keys.events, fields).xadd(engine.keys.events, fields)
        pipe.execute()
    begun = len(last)
    wait_until(lambda: player.turn() == 0 and len(last) == begun + JOINS, "all joined", LONG)
    assert Counter(task.workflow for task in last[begun:]) == Counter(ids)
    assert all(task.input == [{"A": 1}, {"B": 1}] for task in last[begun:])
    for task in last[begun:]:
        append(engine.redis, engine.keys.events, end_fields(task))
    wait_until(lambda: finished(engine) == JOINS, "all have finished", LONG)
    assert player.turn() >= 0
    assert len(last) == begun + JOINS


def test_timers_that_are_all_due_do_not_starve_events(
    redis_server: RedisServer, engine: Client
) -> None:
    """A worker fired twice as many timers a turn as it read events, and each timer wrote one: what
    others did waited until all timers were done.
    """
    worker, player = LifecycleWorker(engine), Player(engine)
    worker.reader.ensure()
    for number in range(TIMERS):
        engine.start("wait:delay(- duration: 1000 -)")
        if number % 200 == 0:
            worker.turn()
    wait_until(
        lambda: worker.turn() == 0 and engine.redis.zcard(engine.keys.timers) == TIMERS,
        "all wait",
        LONG,
    )
    hurry(engine)
    for _ in range(3):
        worker.turn()
    other = engine.start("A → B → C")
    while engine.state(other).state is not WorkflowState.FINISHED:
        while player.turn():
            pass
        worker.turn()
        assert finished(engine) < TIMERS, "its events wait until all timers are done"
    wait_until(lambda: worker.turn() >= 0 and finished(engine) == TIMERS + 1, "all are done", LONG)
    assert engine.redis.zcard(engine.keys.timers) == 0


def test_a_category_without_workers_for_long_and_then_back(
    engine: Client, workers: list[LifecycleWorker]
) -> None:
    ids = [engine.start("A → B") for _ in range(200)]
    # Its listeners come so late that others have read and acknowledged all of it.
    wait_until(
        lambda: engine.redis.xpending(engine.keys.events, "ending")["pending"] == 0, "", LONG
    )
    player = Player(engine, group="late")
    wait_until(lambda: player.turn() >= 0 and finished(engine) == 200, "all have finished", LONG)
    assert Counter(task.workflow for task in player.played) == Counter(ids * 2)
