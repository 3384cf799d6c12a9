"""Steps whose tasks are replaced, or return the results of others: they end as these end."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from littleflow_redis.bridges.ends.result_tuples import OWN_RESULT
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.engine.support import hurry
from tests.support import RedisServer, Spawned, wait_until

from .conftest import Serve
from .descriptors import children_of, connections
from .test_exits import ended, output

#: Pools whose tasks run where the worker is, and where it is not.
POOLS = ["threads", "prefork"]

OUTPUTS = {
    "task": 5,
    "chain": 7,
    "group": [2, 3, 4],
    "chord": 5,
    "chain with a group": [4, 5],
}
BROKEN = ["broken chain", "broken group", "broken chord"]

#: Flow, output: each as through a bridge.
VALUES: list[tuple[str, Any]] = [
    *(
        (f"endings:{task}(- how: {how} -)", output)
        for task in ("replaced", "returned", "returned-twice", "silent-returned")
        for how, output in OUTPUTS.items()
    ),
    ("endings:replaced(- how: task -) → endings:add(- y: 10 -)", 15),
    ("endings:replaced(- {how: chain, $on-lost: fail} -)", 7),
    ("endings:replaced-twice", 1),
    ("endings:retried-then-replaced", 5),
    ("endings:replaced-by-its-own-request(- times: 1 -)", "replaced"),
    ("endings:hands-its-headers-on", 5),
    ("endings:silent-replaced(- how: task -)", 2),
    ("endings:silent-replaced(- how: chain -)", 3),
    ("endings:replaced-in-vain", "its own"),
    ("endings:instead", 5),
    ("endings:returns-what-others-started", [["somebody-s", None], None]),
    ("endings:forgets", "done"),
]


@pytest.fixture
def follow(serve: Serve, redis_server: RedisServer) -> Callable[[str], Spawned]:
    """Start a worker of the app ``endings``, which has a result backend."""
    results = f"redis://{redis_server.host}:{redis_server.port}/2"
    return lambda pool: serve(pool, app="endings", CELERY_RESULT_BACKEND=results)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """What a task waits for before it goes on: make this file."""
    return tmp_path / "gate"


@pytest.mark.parametrize("pool", POOLS)
def test_they_end_as_the_others_end(
    engine: Client, follow: Callable[[str], Spawned], pool: str
) -> None:
    follow(pool)
    values = [(engine.start(flow), flow, wanted) for flow, wanted in VALUES]
    failures = [
        engine.start(f"endings:{task}(- how: {how} -)")
        for task in ("replaced", "returned")
        for how in BROKEN
    ]
    signature = engine.start("endings:returns-a-signature")
    for id, flow, wanted in values:
        assert ended(engine, id) is WorkflowState.FINISHED, (flow, engine.state(id).reason)
        assert output(engine, id) == wanted, flow
        assert engine.state(id).steps[1].attempts == 1, flow
    for id in failures:
        assert ended(engine, id) is WorkflowState.FAILED
        assert "no such thing" in engine.state(id).reason
    assert ended(engine, signature) is WorkflowState.FINISHED
    assert output(engine, signature)["task"] == "endings.add"
    for key in (engine.keys.publications, engine.keys.abandoned_publications):
        wait_until(lambda key=key: not engine.redis.hlen(key + "endings"), "nothing is left")
    assert not engine.redis.hget(engine.keys.counts, "late"), "no end was reported twice"


def followed(engine: Client) -> list[str]:
    """The tasks whose results end steps."""
    held: Any = engine.redis.hgetall(engine.keys.publications + "endings")
    return [id.decode() for id, record in held.items() if OWN_RESULT.encode() in record]


def test_what_a_step_waits_for_is_shown_and_revoked_with_it(
    engine: Client, follow: Callable[[str], Spawned], gate: Path
) -> None:
    worker = follow("threads")
    returned = engine.start(f"endings:starts-slow-chain(- gate: '{gate}' -)")
    closed = engine.start(f"endings:replaced-apart(- {{gate: '{gate}', $timeout: 1000}} -)")
    note = wait_until(lambda: engine.state(returned).steps[1].note, "it is told")
    assert note.startswith("RETURNED waits for the task")
    ids = wait_until(lambda: len(found := followed(engine)) == 2 and found, "both wait")
    hurry(engine)
    assert ended(engine, closed) is WorkflowState.FAILED
    engine.terminate(returned)
    started = note.removeprefix("RETURNED waits for the task ").partition(",")[0]
    for id in (*ids, started):
        revoked = re.compile(f"flagged as revoked: .*{id}")
        wait_until(lambda revoked=revoked: revoked.search(worker.output), "it is revoked")
    gate.touch()
    assert ended(engine, returned) is WorkflowState.TERMINATED


def test_another_worker_ends_what_a_dead_one_has_left(
    engine: Client, serve: Serve, own_server: Callable[..., RedisServer], gate: Path
) -> None:
    results = own_server()
    about = {"app": "endings", "CELERY_RESULT_BACKEND": results.url}
    first = serve("prefork", "-Q", "celery", **about)
    id = engine.start(f"endings:replaced-apart(- gate: '{gate}' -)")
    wait_until(lambda: followed(engine), "it waits for its result")
    check_new_children(first, results.port)
    os.killpg(first.pid, signal.SIGKILL)
    # Time does the same.
    engine.redis.delete(*engine.redis.keys(engine.keys.role + "*"))
    gate.touch()
    serve("threads", "-Q", "apart", **about)
    assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason
    assert output(engine, id) == "done"
    assert engine.state(id).steps[1].attempts == 1


def check_new_children(worker: Spawned, port: int) -> None:
    """Those that are forked while the main process reads results have nothing of that open."""
    if sys.platform != "linux":
        return  # /proc shows descriptors.
    wait_until(lambda: connections(worker.pid, port), "it reads results")
    old = children_of(worker.pid)
    for child in old:
        os.kill(child, signal.SIGKILL)

    def closed() -> bool:
        children = set(children_of(worker.pid)) - set(old)
        return len(children) >= len(old) and not any(connections(one, port) for one in children)

    wait_until(closed, "nothing is open")
