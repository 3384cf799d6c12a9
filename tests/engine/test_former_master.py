"""A server that was the master behind a Sentinel, and does not know it yet."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import redis
from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client, StartSpec
from tests.bridges.test_servers import sentinel
from tests.support import LONG, RedisServer, wait_until


def test_starts_wait_for_the_new_master(
    own_server: Callable[[], RedisServer], tmp_path: Path
) -> None:
    """What scripts write for many is refused within the script, so redis-py does not see why."""
    server = own_server()
    with sentinel(tmp_path, server) as port, redis.Redis(port=port) as watcher:

        def knows() -> bool:
            with suppress(RedisError):
                return bool(watcher.sentinel_masters()["mymaster"]["is_master"])
            return False

        wait_until(knows, "the Sentinel knows the master")
        engine = Client(f"redis+sentinel://127.0.0.1:{port}/mymaster/0")
        first = engine.start("A", workflow_id="first")
        with server.client() as operator, ThreadPoolExecutor(2) as pool:
            operator.execute_command("REPLICAOF", "127.0.0.1", "1")
            refused = operator.info("stats")["total_error_replies"]
            one = pool.submit(engine.start, "A", 1)
            many = pool.submit(engine.start_many, [StartSpec("A"), StartSpec("B")])
            wait_until(
                lambda: operator.info("stats")["total_error_replies"] > refused, "it refuses"
            )
            operator.execute_command("REPLICAOF", "NO", "ONE")
            ids = [first, one.result(LONG), *(result.id for result in many.result(LONG))]
            assert operator.llen(engine.keys.all) == len({*ids}) == 4
        engine.redis.connection_pool.disconnect()
