"""Finding workflows: filters, orders, cursors, and what a page costs."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import BadQuery
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.views.listing import SCAN, Query
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Plan, faulty_client
from tests.support import RedisServer, wait_until

from .support import Player, drive, run

#: Times of the workflows that `many` makes: ms since 1970.
EPOCH = 1_750_000_000_000


def pages(engine: Client, query: Query, size: int = 50) -> Iterator[list[str]]:
    cursor = ""
    while True:
        page = engine.search(query, cursor=cursor, size=size)
        yield [each.id.removeprefix("workflow:") for each in page.items]
        cursor = page.next
        if not cursor:
            return


def found(engine: Client, size: int = 50, **query: Any) -> list[str]:
    return [id for page in pages(engine, Query(**query), size) for id in page]


def many(client: redis.Redis, count: int, per_ms: int = 1, first: int = 0) -> None:
    """Workflows as far as listing reads them: w0 … in the order of their creation."""
    with client.pipeline(transaction=False) as pipe:
        for number in range(first, first + count):
            id, at = f"workflow:w{number:06}", EPOCH + number // per_ms
            state = ("FINISHED", "FAILED", "RUNNING")[number % 3]
            fields: Any = {"name": f"flow{number % 7}", "created": at, "done": 1, "last": 2}
            pipe.hset(id, mapping={**fields, "ended": at + 5, "state": state})
            pipe.set(id + ":state", state)
            pipe.zadd("workflows:index", {id: at})
            pipe.zadd(f"workflows:index:{state}", {id: at})
            if state != "RUNNING":
                pipe.zadd(f"workflows:ended:{state}", {id: at + 5})
        pipe.execute()


def test_filters(engine: Client) -> None:
    drive(
        engine, failed := engine.start("@flow orders\nwait:acquire"), Player(engine),
        _worker(engine),
    )  # fmt: skip
    finished, _ = run(engine, "@flow orders:eu\nA")
    terminated = engine.start("@flow invoices\nmath:x", workflow_id="Bill-2026")
    engine.terminate(terminated)
    running = engine.start("math:x", workflow_id="lonely")
    short = {id: engine.keys.short_id(id) for id in (failed, finished, terminated, running)}

    def ids(**query: Any) -> list[str]:
        return found(engine, **query)

    newest = [short[id] for id in (running, terminated, finished, failed)]
    assert ids() == newest
    assert ids(sort="created") == newest[::-1]
    assert ids(states=["FAILED", "FINISHED"]) == [short[finished], short[failed]]
    assert ids(name="orders") == [short[finished], short[failed]]
    assert ids(name="orders:*") == [short[finished]]
    assert ids(name="*o*s") == [short[terminated], short[failed]]
    assert ids(text="bill") == ["Bill-2026"]
    assert ids(text="ORDERS", states=["FAILED"]) == [short[failed]]
    assert ids(text="no such") == []
    assert ids(sort="-ended") == [short[id] for id in (terminated, finished, failed)]
    assert ids(sort="ended", states=["FINISHED", "RUNNING"]) == [short[finished]]
    assert ids(sort="ended", states=["RUNNING"]) == []


def test_times(engine: Client) -> None:
    many(engine.redis, 9)

    def at(ms: int) -> datetime:
        return datetime.fromtimestamp((EPOCH + ms) / 1000, UTC)

    assert found(engine, since=at(7)) == ["w000008", "w000007"]
    assert found(engine, until=at(1), sort="created") == ["w000000", "w000001"]
    assert found(engine, since=at(3), until=at(4)) == ["w000004", "w000003"]
    assert found(engine, since=at(4), until=at(3)) == []
    assert found(engine, since=at(3 + 5), until=at(4 + 5), sort="ended") == ["w000003", "w000004"]
    assert found(engine, since=at(0) + timedelta(days=1)) == []


@pytest.mark.parametrize("sort", ["created", "-created", "ended", "-ended"])
@pytest.mark.parametrize("per_ms", [1, 7, 1000])
def test_pages_hold_each_workflow_once(engine: Client, sort: str, per_ms: int) -> None:
    many(engine.redis, 60, per_ms)
    expected = [n for n in range(60) if n % 3 != 2 or "created" in sort]
    if sort.startswith("-"):
        expected.reverse()
    seen = found(engine, 7, sort=sort)
    assert len(set(seen)) == len(seen)
    if "created" in sort:
        assert seen == [f"w{n:06}" for n in expected]
    else:
        assert sorted(seen) == sorted(f"w{n:06}" for n in expected)


def test_pages_stay_while_workflows_start_end_and_go(engine: Client) -> None:
    many(engine.redis, 30)
    turning = pages(engine, Query(), 10)
    assert next(turning) == [f"w{n:06}" for n in range(29, 19, -1)]
    many(engine.redis, 5, first=30)
    assert next(turning) == [f"w{n:06}" for n in range(19, 9, -1)]
    # The very entry that the cursor names, and one that was to come.
    for gone in ("workflow:w000010", "workflow:w000008"):
        engine.redis.delete(gone, gone + ":state")
        engine.redis.zrem("workflows:index", gone)
    assert next(turning) == [f"w{n:06}" for n in range(9, -1, -1) if n != 8]
    assert next(turning, None) is None


def test_a_search_goes_on_where_it_stopped_looking(engine: Client) -> None:
    many(engine.redis, 2 * SCAN + 100)
    first = engine.search(Query(text="w000001"))
    assert (first.items, bool(first.next)) == ([], True)
    assert found(engine, text="w000001") == ["w000001"]
    assert len(list(pages(engine, Query(text="nothing")))) == 3
    # A full page ends where its last one was found, not where looking ended.
    assert len(found(engine, 3, name="flow3")) == len(found(engine, 1000, name="flow3")) > 550


def test_what_cannot_be_looked_for(engine: Client) -> None:
    many(engine.redis, 3)
    cursor = engine.search(size=1).next
    # Half a character was not refused before Redis was to be told it: a UnicodeEncodeError.
    half = base64.urlsafe_b64encode(rb'["-created","1","\ud800"]').decode().rstrip("=")
    for bad in ("x", "é", "W10", cursor[:-4], "9" * 5000, half):
        with pytest.raises(BadQuery, match="no cursor"):
            engine.search(cursor=bad)
    with pytest.raises(BadQuery, match="of the order '-created', not of 'created'"):
        engine.search(Query(sort="created"), cursor=cursor)
    with pytest.raises(BadQuery, match="use one of RUNNING"):
        Query(states=["running"])
    with pytest.raises(BadQuery, match="use one of created"):
        Query(sort="name")
    with pytest.raises(BadQuery, match="200"):
        Query(text="x" * 201)
    for size in (0, 1001):
        with pytest.raises(BadQuery, match="1 to 1000"):
            engine.search(size=size)


def test_a_page_costs_the_same_among_many(redis_server: RedisServer, client: redis.Redis) -> None:
    """Round trips are counted; time is compared with as many plain reads in the same run."""
    many(client, 30_000)
    plan = Plan()
    engine = Client(redis=faulty_client(redis_server, plan))
    middle = Query(until=datetime.fromtimestamp((EPOCH + 15_000) / 1000, UTC))
    queries = [
        Query(), middle, Query(states=["FAILED", "RUNNING"]), Query(text="w02"),
        Query(sort="-ended"),
    ]  # fmt: skip
    for query in queries:
        for cursor in ("", engine.search(query).next):
            before = plan.calls
            assert len(engine.search(query, cursor=cursor).items) == 50
            assert plan.calls - before <= 3

    def bare() -> None:
        with client.pipeline(transaction=False) as pipe:
            for number in range(50):
                pipe.hmget(f"workflow:w{number:06}", "name", "created", "ended", "done", "last")
                pipe.get(f"workflow:w{number:06}:state")
            pipe.execute()

    plain = Client(redis=client)

    def quick() -> bool:
        bare_took = min(_took(bare) for _ in range(20))
        return min(_took(lambda: plain.search(middle)) for _ in range(20)) < 4 * bare_took

    wait_until(quick, "a page takes less than four times as long as its reads")


def test_what_an_older_version_ended_is_listed_by_its_end(engine: Client) -> None:
    old, _ = run(engine, "A")
    new, _ = run(engine, "A")
    engine.redis.zrem("workflows:ended:FINISHED", old)
    restarted = engine.start("math:x")
    engine.terminate(restarted)
    engine.redis.delete("workflows:ended:TERMINATED")
    assert [each.id for each in engine.search(Query(sort="ended")).items] == [old, new, restarted]
    assert engine.redis.zcard("workflows:ended:FINISHED") == 2


def test_the_index_by_end_follows_restart_restore_and_delete(engine: Client) -> None:
    workflow = engine.start("math:x")
    engine.terminate(workflow)
    key = "workflows:ended:TERMINATED"
    assert engine.redis.zscore(key, workflow)
    engine.restart(workflow)
    assert not engine.redis.exists(key)
    engine.terminate(workflow)
    restored = engine.restore(engine.archive(workflow))
    assert engine.redis.zcard(key) == 2
    engine.delete(workflow)
    engine.delete(restored)
    assert not engine.redis.exists(key)


def _done(engine: Client, workflow: str) -> int:
    (row,) = (each for each in engine.search().items if each.id == workflow)
    restored = engine.restore(engine.archive(workflow))
    (same,) = (each for each in engine.search().items if each.id == restored)
    engine.delete(restored)
    assert (row.done, row.total) == (same.done, same.total)
    return row.done


def test_each_step_counts_once_however_it_came_to_its_end(engine: Client) -> None:
    """One that failed and then ended was not counted, an iteration of a loop each time."""

    def play(task: Any) -> Any:
        if task.name == "B" and not failed:
            failed.append(1)
            raise RuntimeError("once")
        return [1, 2]

    failed: list[int] = []
    worker, player = _worker(engine), Player(engine, play)
    workflow = engine.start("A → B → * { C D } → E")
    drive(engine, workflow, player, worker)
    assert _done(engine, workflow) == 2
    engine.restart(workflow)
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    assert _done(engine, workflow) == len(engine.state(workflow).steps)
    engine.restart(workflow, from_steps=["B"])
    assert _done(engine, workflow) == 2
    drive(engine, workflow, player, worker)
    assert _done(engine, workflow) == len(engine.state(workflow).steps)


def test_rounds_of_a_loop_count_once(engine: Client) -> None:
    def play(task: Any) -> Any:
        return {"n": task.input["n"] + 1} if task.name == "Add" else task.input

    text = "Begin → ? `$[?(@.n<5)]` { Add → * Each → > Last → :start } → Done"
    workflow, _ = run(engine, text, {"n": 0}, play)
    assert engine.state(workflow).state is WorkflowState.FINISHED
    assert _done(engine, workflow) == len(engine.state(workflow).steps)


def _worker(engine: Client) -> LifecycleWorker:
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    return worker


def _took(call: Any) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
