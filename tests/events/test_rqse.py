"""Side by side with the PyPI package rqse: each reads what the other writes, in one group."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import rqse

from littleflow_redis.events import message, receipt_for
from tests.events.listeners import GROUP, STREAM, Listening, Recorder, all_done, append, events_of
from tests.support import RedisServer, wait_until

Listen = Callable[[Any], Listening]

EVENT = {"kind": "a", "text": "é→", "nested": {"list": [1, 2.5, None, True]}}


class TheirListener(rqse.EventListener):  # type: ignore[misc]
    """An ordinary listener written with rqse."""

    def __init__(self, server: RedisServer, **options: Any) -> None:
        options = {"block": 20, "pause": 0, "wait": 0.1, **options}
        super().__init__(STREAM, GROUP, host=server.host, port=server.port, **options)
        self.seen: list[tuple[str, Any]] = []

    def process(self, id: str, event: Any) -> bool:
        self.seen.append((id, event))
        return True


@pytest.fixture
def theirs(redis_server: RedisServer) -> Iterator[TheirListener]:
    listener = TheirListener(redis_server)
    yield listener
    wait_until(lambda: not listener.running, "their listener has ended")
    listener.pool.disconnect()


@pytest.fixture
def run_theirs() -> Iterator[Callable[[Any], None]]:
    """Run a listener of rqse in a thread; it forgets a stop that comes before its first turn."""
    threads: list[tuple[Any, threading.Thread]] = []

    def start(listener: Any) -> None:
        thread = threading.Thread(target=listener.listen)
        threads.append((listener, thread))
        thread.start()
        wait_until(lambda: listener.established, "their listener is there")

    yield start
    for listener, thread in threads:
        listener.stop()
        thread.join()


def test_they_read_what_we_write(
    client: redis.Redis, theirs: TheirListener, run_theirs: Callable[[Any], None]
) -> None:
    run_theirs(theirs)
    id = events_of(client).append(EVENT)
    wait_until(lambda: all_done(client), "it is acknowledged")
    assert theirs.seen == [(id, EVENT)]


def test_we_read_what_they_write(
    client: redis.Redis, redis_server: RedisServer, listen: Listen
) -> None:
    ours = Recorder(client)
    listen(ours)
    writer = rqse.EventClient(STREAM, host=redis_server.host, port=redis_server.port)
    id = writer.append(dict(EVENT)).decode()
    wait_until(lambda: all_done(client), "it is acknowledged")
    assert ours.seen == [(id, EVENT)]
    assert list(events_of(client).read()) == list(writer.read()) == [(id, EVENT)]
    writer.pool.disconnect()


def test_one_group_of_both_shares_the_work(
    client: redis.Redis,
    theirs: TheirListener,
    run_theirs: Callable[[Any], None],
    listen: Listen,
) -> None:
    ours = Recorder(client)
    listen(ours)
    run_theirs(theirs)

    def both() -> bool:
        append(client, *range(20))
        wait_until(lambda: all_done(client), "all are acknowledged")
        return bool(ours.seen and theirs.seen)

    wait_until(both, "both have worked")
    ids = [id for id, _ in [*ours.seen, *theirs.seen]]
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) == client.xlen(STREAM)


def test_our_receipts_are_theirs(
    client: redis.Redis, redis_server: RedisServer, run_theirs: Callable[[Any], None]
) -> None:
    janitor = rqse.ReceiptListener(STREAM, host=redis_server.host, port=redis_server.port, wait=1)
    run_theirs(janitor)
    stream = events_of(client)
    id = stream.append(message(kind="a"))
    stream.append(receipt_for(id))
    wait_until(lambda: len(stream) == 0, "their janitor deleted event and receipt")
    janitor.stop()
    wait_until(lambda: not janitor.running, "it ended")
    janitor.pool.disconnect()
