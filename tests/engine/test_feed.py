"""The live feed: order, resuming, listeners that are slow, and a Redis that goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import BadQuery
from littleflow_redis.engine.views.feed import Feed, FeedEntry, Subscription
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG, RedisServer, wait_until

from .support import run


@pytest.fixture
def feed(engine: Client) -> Iterator[Feed]:
    yield engine.feed
    engine.feed.close()
    # Whoever closes it may close its client too: nobody reads any more.
    assert not threads()


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "feed"]


def told(subscription: Subscription, count: int) -> list[FeedEntry]:
    found = []
    while len(found) < count:
        entry = subscription.get(LONG)
        assert entry is not None, f"{found} and nothing more"
        found.append(entry)
    return found


def told_until(subscription: Subscription, last: Callable[[FeedEntry], bool]) -> list[FeedEntry]:
    found = told(subscription, 1)
    while not last(found[-1]):
        found += told(subscription, 1)
    return found


def words(entries: list[FeedEntry]) -> list[str]:
    return [f"{c.step} {c.state}" for entry in entries for c in entry.changes if c.step]


def test_a_workflow_told_from_start_to_end(engine: Client, feed: Feed) -> None:
    with feed.subscribe() as listener:
        workflow, _ = run(engine, "A → B")
        engine.delete(workflow)
        entries = told_until(listener, lambda entry: entry.state == "DELETED")
        assert listener.get(0.1) is None
    assert words(entries) == [
        "1 queued", "1 running", "1 ended", "2 queued", "2 running", "2 ended", "3 ended",
    ]  # fmt: skip
    assert {entry.workflow for entry in entries} == {workflow}
    assert [entry.state for entry in entries][-2:] == ["FINISHED", "DELETED"]
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)


def test_each_listener_gets_what_it_wants_from_one_reader(engine: Client, feed: Feed) -> None:
    one, other = engine.start("A"), engine.start("A")
    everything = feed.subscribe()
    only = [feed.subscribe(engine.keys.short_id(one)) for _ in range(20)]
    assert len(threads()) == 1
    for id in (other, one):
        engine.terminate(id)
    assert [entry.workflow for entry in told(everything, 2)] == [other, one]
    for listener in only:
        (entry,) = told(listener, 1)
        assert (entry.workflow, entry.state) == (one, "TERMINATED")
    assert only[0].get(0) is None


def test_resuming_tells_each_entry_once(engine: Client, feed: Feed) -> None:
    with feed.subscribe() as first:
        ids = [engine.start("A") for _ in range(10)]
        seen = told(first, 4)
        # While it is away, and while it comes back.
        ids += [engine.start("A") for _ in range(5)]
        again = feed.subscribe(after=seen[-1].id)
        ids += [engine.start("A") for _ in range(5)]
        rest = told(again, 16)
    assert [entry.workflow for entry in (*seen, *rest)] == ids
    assert again.get(0.1) is None
    filtered = feed.subscribe(ids[12], after=seen[0].id)
    assert [entry.workflow for entry in told(filtered, 1)] == [ids[12]]
    assert filtered.get(0.1) is None


def test_resuming_while_changes_pour_in(engine: Client, feed: Feed) -> None:
    keeper = feed.subscribe(queue=10_000)
    first = engine.start("A")
    (begin,) = told(keeper, 1)
    stop = threading.Event()
    ids: list[str] = []

    def pour() -> None:
        while not stop.is_set():
            ids.append(engine.start("A"))

    pouring = threading.Thread(target=pour)
    pouring.start()
    try:
        listeners = []
        for _ in range(10):
            listeners.append(feed.subscribe(after=begin.id, queue=10_000))
            told(listeners[-1], 3)
    finally:
        stop.set()
        pouring.join()
    for listener in listeners:
        rest = told(listener, len(ids) - 3)
        assert [entry.workflow for entry in rest] == ids[3:]
    assert first not in ids


@pytest.mark.parametrize("after", ["1-1", "99999999999999-0"])
def test_what_is_too_old_or_of_another_stream_is_a_reset(
    engine: Client, feed: Feed, after: str
) -> None:
    engine.start("A")
    listener = feed.subscribe(after=after)
    (entry,) = told(listener, 1)
    assert (entry.reset, entry.changes) == (True, ())
    workflow = engine.start("A")
    assert told(listener, 1)[0].workflow == workflow
    assert listener.get(0.1) is None
    # The id of a reset is one to go on from.
    again = feed.subscribe(after=entry.id)
    assert told(again, 1)[0].workflow == workflow


def test_what_is_no_id(engine: Client, feed: Feed) -> None:
    with pytest.raises(BadQuery, match="no id of the feed"):
        feed.subscribe(after="yesterday")
    # Beyond 64 bits: Redis itself raises for it, at every read.
    with pytest.raises(BadQuery, match="no id of the feed"):
        feed.subscribe(after="99999999999999999999-0")


def test_a_listener_that_does_not_keep_up_is_told_to_look_again(engine: Client, feed: Feed) -> None:
    slow, quick = feed.subscribe(queue=5), feed.subscribe()
    ids = [engine.start("A") for _ in range(20)]
    every = told(quick, 20)
    assert [entry.workflow for entry in every] == ids
    entries = told_until(slow, lambda entry: entry.id == every[-1].id)
    assert entries[0].reset
    assert len(entries) <= 6
    last = engine.start("A")
    assert told(slow, 1)[0].workflow == last


def test_closing_wakes_who_waits_and_ends_the_thread(engine: Client, feed: Feed) -> None:
    listener = feed.subscribe()
    got: list[FeedEntry | None] = []
    waiting = threading.Thread(target=lambda: got.append(listener.get()))
    waiting.start()
    listener.close()
    waiting.join(LONG)
    assert got == [None]
    assert list(listener) == []
    wait_until(lambda: not threads(), "the reader has ended")
    # It begins anew.
    again = feed.subscribe()
    engine.start("A")
    assert len(told(again, 1)) == 1


def test_a_redis_that_restarts(own_server: Callable[..., RedisServer]) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    with server.client() as client:
        engine = Client(redis=client)
        listener = engine.feed.subscribe()
        before = engine.start("A")
        assert told(listener, 1)[0].workflow == before
        server.stop()
        server.start()
        after = wait_until(lambda: _tried(engine), "it answers again")
        entries = told(listener, 1)
        assert [(entry.workflow, entry.reset) for entry in entries] == [(after, False)]
        engine.feed.close()


def test_a_redis_that_comes_back_empty(own_server: Callable[..., RedisServer]) -> None:
    server = own_server()
    with server.client() as client:
        engine = Client(redis=client)
        listener = engine.feed.subscribe()
        engine.start("A")
        told(listener, 1)
        server.kill()
        server.start()
        wait_until(lambda: _tried(engine), "it answers again")
        assert told(listener, 1)[0].reset
        engine.feed.close()


def _tried(engine: Client) -> str | None:
    try:
        return engine.start("A")
    except redis.ConnectionError:
        return None


def test_a_plain_iterator(engine: Client) -> None:
    workflow = engine.start("A")
    following = engine.follow(workflow, after="0-0", block=0.05)
    assert next(following).state == "RUNNING"
    engine.start("A")
    engine.terminate(workflow)
    assert next(following).state == "TERMINATED"


def test_waits_are_told(engine: Client, feed: Feed) -> None:
    listener = feed.subscribe()
    engine.redis.set(engine.keys.latch + "l", 1)
    engine.start(
        "{ wait:delay(- duration: 9 -) wait:event(- event: e -) wait:countdown(- name: l -) }"
    )
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    while worker.turn():
        pass
    waiting: list[str] = []
    while len(waiting) < 3:
        waiting += [word for word in words(told(listener, 1)) if "waiting" in word]
    assert waiting == ["2 waiting", "3 waiting", "4 waiting"]


def test_a_reset_at_the_beginning_of_a_stream_is_told(engine: Client, feed: Feed) -> None:
    """A stream that began anew was passed over, if nothing was in it yet."""
    engine.start("A")
    listener = feed.subscribe()
    listener.take([FeedEntry("0-0", reset=True), FeedEntry("0-1", workflow="w")])
    assert [entry.reset for entry in told(listener, 2)] == [True, False]
