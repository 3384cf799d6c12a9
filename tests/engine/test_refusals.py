"""Calls of a client while Redis refuses to write, as it does in a failover."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import redis
from redis.exceptions import RedisError

from littleflow_redis import Client
from littleflow_redis.engine.client import base
from littleflow_redis.engine.client.start_specs import StartSpec
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.events.reconnect import refusal_of
from tests.support import RedisServer

#: How a server comes to refuse, and to take writes again.
REFUSALS: dict[str, tuple[Callable[[redis.Redis], object], Callable[[redis.Redis], object]]] = {
    "OOM": (lambda r: r.config_set("maxmemory", 1), lambda r: r.config_set("maxmemory", 0)),
    "NOREPLICAS": (
        lambda r: r.config_set("min-replicas-to-write", 1),
        lambda r: r.config_set("min-replicas-to-write", 0),
    ),
    "READONLY": (
        lambda r: r.execute_command("REPLICAOF", "127.0.0.1", "1"),
        lambda r: r.execute_command("REPLICAOF", "NO", "ONE"),
    ),
}

CALLS: dict[str, Callable[[Client, str], object]] = {
    "start": lambda client, _: client.start("m:A"),
    "start many": lambda client, _: [one.id for one in client.start_many([StartSpec("m:A")])],
    "restart": lambda client, id: client.restart(id),
    "terminate": lambda client, id: client.terminate(id),
    "send an event": lambda client, _: client.send_event("news"),
}


@pytest.fixture
def connection(own_server: Callable[..., RedisServer]) -> Iterator[redis.Redis]:
    with own_server().client() as connection:
        yield connection


@pytest.mark.parametrize("code", REFUSALS)
def test_calls_wait_until_it_takes_writes(connection: redis.Redis, code: str) -> None:
    client, (begin, end) = Client(redis=connection), REFUSALS[code]
    id = client.start("m:A")
    client.terminate(id)
    assert client.terminate(id) is WorkflowState.TERMINATED
    for name, call in CALLS.items():
        begin(connection)
        timer = threading.Timer(0.2, end, [connection])
        timer.start()
        assert call(client, id), name
        timer.join()


@pytest.mark.parametrize("code", REFUSALS)
def test_after_a_while_the_reason_is_told(
    connection: redis.Redis, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.2)
    client, (begin, _) = Client(redis=connection), REFUSALS[code]
    id = client.start("m:A")
    begin(connection)
    for call in (call for name, call in CALLS.items() if name != "restart"):
        with pytest.raises(RedisError) as found:
            call(client, id)
        assert refusal_of(found.value).startswith(f"{code} ")


def test_of_many_starts_those_that_were_not_refused_have_no_error(
    connection: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.2)
    client, (begin, _) = Client(redis=connection), REFUSALS["OOM"]
    client.start("m:A", workflow_id="before")
    begin(connection)
    specs = [StartSpec("m:A", workflow_id=id) for id in ("before", "now")]
    before, now = client.start_many(specs)
    assert (before.error, before.id) == (None, "workflow:before")
    assert isinstance(now.error, RedisError)
    assert refusal_of(now.error).startswith("OOM ")
