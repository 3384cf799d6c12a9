"""`$on-lost: fail` at every Redis call: die before it, die after it, lose its reply."""

from __future__ import annotations

from contextlib import suppress

import redis
from redis.exceptions import ConnectionError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.operations.take_over import TakeOver
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import RedisServer, wait_until

from .once import ONCE, check_lost, claim, turn
from .test_held_attempts import WORKER, beat, hold, start_tasks


def test_the_one_who_takes_over_may_fail_at_any_call(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        workflow = engine.start(ONCE)
        hold(engine, start_tasks(engine)[0])
        beat(engine, seconds=-1)
        faulty = TakeOver(Client(redis=faulty_client(redis_server, plan)).context, patience=0.0)
        with suppress(Died, ConnectionError):
            faulty.run()
            faulty.run()
        mine = TakeOver(engine.context, patience=0.0)
        wait_until(lambda: mine.run() == 0 and not HeldAttempts(engine.context).registered(), "end")
        check_lost(engine, workflow)

    assert sum(1 for _ in every_fault(scenario)) > 8


def test_a_second_claim_may_fail_at_any_call(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    """Of the one who asks, and of the worker whose timer fails it."""
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        workflow = engine.start(ONCE)
        (task,) = start_tasks(engine)
        claim(engine, task, "first")
        faulty = Client(redis=faulty_client(redis_server, plan))
        with suppress(Died, ConnectionError):
            claim(faulty, task, "second")
            turn(faulty)
        assert claim(engine, task, "third") in (Outcome.MAY_HAVE_RUN, Outcome.GONE)
        turn(engine)
        check_lost(engine, workflow)

    assert sum(1 for _ in every_fault(scenario)) > 8


def test_a_hand_back_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    """However often it is tried, the attempt is one that nobody has begun."""
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        engine.start(ONCE)
        hold(engine, start_tasks(engine)[0])
        (attempt,) = HeldAttempts(engine.context).of(WORKER, "m")
        faulty = HeldAttempts(Client(redis=faulty_client(redis_server, plan)).context)
        with suppress(Died, ConnectionError):
            faulty.release(attempt)
        HeldAttempts(engine.context).release(attempt)
        assert len(start_tasks(engine)) == 2
        assert hold(engine, start_tasks(engine)[-1], "worker-2") is Outcome.APPLIED

    assert sum(1 for _ in every_fault(scenario)) > 2
