"""Starting many under faults: whatever fails, each workflow is started once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis.exceptions import ConnectionError, ReadOnlyError

from littleflow_redis.engine.client import Client, StartSpec, base
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.script_batch import TOGETHER
from tests.faults import Died, Fault, Plan, every_fault, faulty_client
from tests.support import LONG, RedisServer

#: Starts of each flow: more than a call of the script holds.
EACH = TOGETHER + 2

#: Two flows, and one whose first step is ready at once: Python fires it, with calls of its own.
TEXTS = ("A → B", "B → A", "<- {x: 1} -> → > A")


def specs(*, named: bool = True) -> list[StartSpec]:
    return [
        StartSpec(text, n, workflow_id=f"{place}-{n}" if named else None)
        for place, text in enumerate(TEXTS)
        for n in range(EACH)
    ]


def check(engine: Client) -> None:
    """Each was started once, and nothing else; all of it can be deleted."""
    every = len(TEXTS) * EACH
    ids = engine.redis.lrange(engine.keys.all, 0, -1)
    assert len(ids) == len({*ids}) == engine.redis.scard(engine.keys.running) == every
    # Those whose step was ready have their attempt, or the timer that fires it.
    open_attempts = engine.redis.hlen(engine.keys.open_attempts)
    assert open_attempts + engine.redis.zcard(engine.keys.timers) == every
    flows = engine.redis.keys(f"{engine.keys.flow}*")
    assert [engine.redis.hget(flow, "workflows") for flow in flows] == [b"%d" % EACH] * len(TEXTS)
    for id in ids:
        engine.terminate(id.decode())
        engine.delete(id.decode())
    assert not engine.redis.keys("workflow:*")
    assert not engine.redis.keys(f"{engine.keys.flow}*")


def test_many_starts_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        client.script_flush()
        faulty = Client(redis=faulty_client(redis_server, plan))
        try:
            results = faulty.start_many(specs())
        except Died:
            # Another process starts them again, with the same ids.
            results = engine.start_many(specs())
        assert [result.id for result in results] == [f"workflow:{s.workflow_id}" for s in specs()]
        check(engine)

    plans = list(every_fault(scenario))
    assert {plan.fault for plan in plans} == {*Fault}


def test_a_lost_reply_starts_nothing_twice(client: redis.Redis, redis_server: RedisServer) -> None:
    """Without ids of the caller's: they are drawn once, before the first try."""
    engine = Client(redis=client)
    counting = Plan()
    Client(redis=faulty_client(redis_server, counting)).start_many(specs(named=False))
    for at in range(counting.calls):
        client.flushall()
        plan = Plan(at, Fault.LOSE_REPLY)
        faulty = Client(redis=faulty_client(redis_server, plan))
        assert all(result.id for result in faulty.start_many(specs(named=False)))
        check(engine)


@pytest.mark.parametrize("fault", [Fault.LOSE_REPLY, None])
def test_starts_that_were_not_answered_have_ids_to_start_them_again(
    client: redis.Redis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """The connection is lost for good, in the second of several round trips or before it."""
    monkeypatch.setattr("littleflow_redis.engine.client.starting.MOST_STARTS", EACH)
    monkeypatch.setattr(base, "PATIENCE", 0.0)
    engine = Client(redis=client)
    engine.start_many(specs())
    client.flushall()
    plan = Plan(1, Fault.LOSE_REPLY)
    faulty = Client(redis=faulty_client(redis_server, plan))
    given = specs(named=False)
    results = faulty.start_many(given)
    lost = [n for n, result in enumerate(results) if result.error is not None]
    assert lost == [*range(EACH, len(given))]
    assert {type(results[n].error) for n in lost} == {ConnectionError}
    assert plan.calls == 2
    again = [StartSpec(given[n].workflow, given[n].input, results[n].workflow) for n in lost]
    assert [result.id for result in engine.start_many(again)] == [results[n].workflow for n in lost]
    check(engine)


def test_redis_restarts_without_what_it_had(own_server: Callable[[], RedisServer]) -> None:
    """After a failover too a server may know neither the script nor the flows, and be late."""
    server = own_server()
    engine = Client(server.url)
    engine.start_many(specs(named=False))
    server.kill()
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(engine.start_many, specs())
        server.start()
        assert all(result.id for result in starting.result(LONG))
    check(engine)
    engine.redis.connection_pool.disconnect()


def test_a_server_that_is_a_replica_now_starts_nothing(
    own_server: Callable[[], RedisServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.1)
    server = own_server()
    engine = Client(server.url)
    engine.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    results = engine.start_many(specs())
    errors = [result.error for result in results]
    assert all(isinstance(error, ReadOnlyError) and is_temporary(error) for error in errors)
    engine.redis.execute_command("REPLICAOF", "NO", "ONE")
    assert engine.redis.dbsize() == 0
    assert all(result.id for result in engine.start_many(specs()))
    check(engine)
    engine.redis.connection_pool.disconnect()
