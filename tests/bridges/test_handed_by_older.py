"""A killed ``worker -A`` of before had work in hand: this version finds it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import PublicationRecord, Record
from tests.packaging.versions import tree_of
from tests.support import LONG, RedisServer, Spawned, wait_until

from .conftest import APPS, Start
from .serving import check_once, in_flight

#: The last commit with ``worker -A``: lifecycle and bridge in one process.
BEFORE = "721b0f093ac55d7d41b3a7a886d26d90cd1407f5"


@pytest.mark.usefixtures("shared_worker")
def test_what_was_handed_over_and_never_published_is_found_by_a_bridge(
    client: redis.Redis,
    redis_server: RedisServer,
    own_server: Callable[..., RedisServer],
    spawn: Callable[..., Spawned],
    start: Start,
    celery_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """It was killed while it published: the broker takes connections, and does not answer."""
    engine, deaf = Client(redis=client), own_server()
    both = spawn(
        [*(sys.executable, "-P", "-m", "littleflow_redis", "worker", "-A", "plain")],
        env={
            **redis_server.environment,
            **celery_environment,
            "CELERY_BROKER_URL": deaf.url,
            "PYTHONPATH": f"{tree_of(BEFORE, tmp_path)}:{APPS}",
        },
    )
    both.wait_for_output("event=ready")
    with deaf.client() as paused:
        paused.client_pause(600_000)
    workflow = engine.start("by:hand → plain:add([3]) → plain:mul")
    end = {"workflow": workflow, "index": 1, "name": "by:hand", "output": 2}
    engine.send_event("end-task", end)
    wait_until(lambda: in_flight(engine, "plain") == 1, "it is handed over")
    both.signal(signal.SIGKILL)
    both.wait()
    (flight,) = map(Record, client.hvals(engine.keys.publications + "plain"))
    assert (flight[PublicationRecord.STATE], flight[PublicationRecord.EVENT]) == ("recorded", "")

    start("worker")
    start("bridge", "-A", "plain", "--sweep", "0.2")
    assert engine.wait(workflow, timeout=LONG) == 10
    check_once(engine, workflow)
    wait_until(lambda: in_flight(engine, "plain") == 0, "nothing is in flight")
