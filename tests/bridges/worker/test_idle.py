"""Workers at rest: their connections, and what they cost the server."""

from __future__ import annotations

from benchmarks.idle import cost, idling
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from tests.support import RedisServer, wait_until

from .conftest import POOLS, Serve
from .test_exits import ended

#: Idle workers of which the cost is measured, for so many seconds, and the commands that each may
#: send in one. With 20 of them fifty workers cost below 4 % of a core: `python -m benchmarks.idle`.
IDLE, SECONDS, COMMANDS = 10, 3.0, 30


def test_connections_are_few(engine: Client, serve: Serve) -> None:
    """At most three each, and one for each process or thread of the pool."""
    mine = {one["id"] for one in engine.redis.client_list()}
    pools = ("solo", "prefork")
    for pool in pools:
        serve(pool)
    many = "{ " + "inside:add " * 30 + "} → inside:nothing"
    for id in [engine.start(many, 1) for _ in range(5)]:
        assert ended(engine, id).value == "FINISHED"

    def few() -> bool:
        # The broker is in another database.
        found = [one for one in engine.redis.client_list() if one["db"] == "0"]
        left = len([one for one in found if one["id"] not in mine])
        assert left <= sum(3 + POOLS[pool] for pool in pools), left
        return True

    wait_until(few, "those that nobody needs are closed")


def test_idle_workers_cost_the_server_little(engine: Client, redis_server: RedisServer) -> None:
    with idling(redis_server.url, IDLE):
        living = HeldAttempts(engine.context).living
        wait_until(lambda: len(living()) == IDLE, "all are there")
        _, commands = cost(engine.redis, SECONDS)
    assert commands < COMMANDS * IDLE
