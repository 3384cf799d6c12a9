"""TaskListener when Redis refuses, restarts or loses a group, and at a fault of any call."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
import redis
from redis.exceptions import NoPermissionError, OutOfMemoryError

from littleflow_redis import Client, StepState
from littleflow_redis.workers.functions import Functions
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Plan, every_fault, faulty_client
from tests.support import RedisServer
from tests.workers.calculator import calculator, read_all
from tests.workers.scenes import PATIENCE, lifecycle, names
from tests.workers.turning import Turning, serve_to_the_end


def test_hold_and_acknowledgement_are_one(engine: Client, redis_server: RedisServer) -> None:
    """A listener that may not acknowledge must not be able to begin a task either."""
    workflow = engine.start("math:add(- [1] -)")
    engine.redis.execute_command("ACL SETUSER clerk on nopass ~* &* +@all -xack")
    settings = redis_server.url.replace("redis://", "redis://clerk:any@")
    listener = calculator(Client(settings), claim_idle=0.1)
    try:
        with pytest.raises(NoPermissionError):
            read_all(engine, listener)
        assert engine.state(workflow).steps[1].state is StepState.QUEUED

        engine.redis.execute_command("ACL SETUSER clerk +xack")
        listener.run_until_finished(timeout=PATIENCE)
        assert engine.state(workflow).output == 1
        listener.stop()
    finally:
        engine.redis.execute_command("ACL DELUSER clerk")


def test_a_deleted_group_is_made_anew(engine: Client, worker: LifecycleWorker) -> None:
    with calculator(engine):
        engine.wait(engine.start("math:add(- [1] -)"), timeout=PATIENCE)
        engine.redis.xgroup_destroy(engine.keys.events, "tasks:math")
        assert engine.wait(engine.start("math:add(- [2] -)"), timeout=PATIENCE) == 2


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_restart_of_redis_loses_nothing(own_server: type[RedisServer], concurrency: int) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    engine = Client(server.url)
    listener, begun, finish = calculator(engine, concurrency=concurrency), *(
        threading.Event() for _ in range(2)
    )  # fmt: skip

    @listener.task
    def wait() -> str:
        begun.set()
        finish.wait(PATIENCE)
        return "waited"

    with listener:
        workflow = engine.start("math:wait → math:count")
        assert begun.wait(PATIENCE)
        server.kill()
        finish.set()
        server.start()
        with lifecycle(engine):
            assert engine.wait(workflow, timeout=PATIENCE) == 6


def test_a_redis_without_memory_is_waited_for(own_server: type[RedisServer]) -> None:
    server = own_server()
    engine = Client(server.url)
    workflow = engine.start(names(["math:add(- [1] -)"] * 3))
    listener = calculator(engine, claim_idle=0.1)
    with server.client() as admin:
        admin.config_set("maxmemory", 1)
        for _ in range(10):
            # An error of the call, or, before Redis 7, of the script: both change nothing.
            with suppress(OutOfMemoryError):
                assert listener.turn() == 0
        admin.config_set("maxmemory", 0)

    with lifecycle(engine):
        listener.run_until_finished(timeout=PATIENCE)

    assert engine.state(workflow).output == [1, 1, 1]
    listener.stop()


def test_a_listener_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)
    functions = Functions("math")
    functions.add("f", lambda *numbers: sum(numbers) + 1, "spread")

    def scenario(plan: Plan) -> None:
        client.flushall()
        serving = Turning(Client(redis=faulty_client(redis_server, plan)), functions)
        workflow = engine.start("{ math:f(- [1] -) math:f(- [2] -) } → math:f")
        serve_to_the_end(engine, workflow, serving, functions)
        assert engine.state(workflow).output == 6
        assert [step.activations for step in engine.state(workflow).steps] == [1] * 7
        assert client.hlen(engine.keys.publications + "math") == 0

    assert sum(1 for _ in every_fault(scenario)) > 20
