"""EventClient: append, look, delete."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.events import EventClient, GarbageError
from tests.events.listeners import STREAM, append, events_of
from tests.support import RedisServer


def test_what_is_appended_is_read_from_the_beginning(client: redis.Redis) -> None:
    stream = events_of(client)
    ids = append(client, 1, 2, 3)
    assert len(stream) == 3
    assert list(stream.read(2)) == [
        (ids[0], {"kind": "a", "n": 1}),
        (ids[1], {"kind": "a", "n": 2}),
    ]


def test_a_range_of_ids(client: redis.Redis) -> None:
    stream = events_of(client)
    ids = append(client, 1, 2, 3)
    assert [id for id, _ in stream.range(ids[1], count=None)] == ids[1:]
    assert [id for id, _ in stream.range(finish=ids[1], count=10)] == ids[:2]
    assert [id for id, _ in stream.range()] == ids[:1]
    assert list(stream.range("9999999999999-0")) == []


def test_deleting(client: redis.Redis) -> None:
    stream = events_of(client)
    ids = append(client, 1, 2, 3)
    assert stream.delete(ids[0]) == 1
    assert stream.delete(*ids) == 2
    assert len(stream) == 0
    assert stream.delete_stream() == 1
    assert client.exists(STREAM) == 0


def test_garbage_is_an_error_or_text(client: redis.Redis) -> None:
    client.xadd(STREAM, {"kind": "plain text"})
    with pytest.raises(GarbageError, match="field 'kind'"):
        list(events_of(client).range())
    assert [event for _, event in events_of(client).range(tolerant=True)] == [
        {"kind": "plain text"}
    ]


def test_connects_by_host_and_port(client: redis.Redis, redis_server: RedisServer) -> None:
    stream = EventClient(STREAM, "0.0.0.0", redis_server.port)  # noqa: S104
    id = stream.append({"kind": "a"})
    assert list(stream.read()) == [(id, {"kind": "a"})]
    stream.close()


def test_a_pool_that_decodes_is_no_trouble(redis_server: RedisServer, client: redis.Redis) -> None:
    pool = redis.ConnectionPool.from_url(redis_server.url, decode_responses=True)
    stream = EventClient(STREAM, pool=pool)
    id = stream.append({"kind": "é"})
    assert list(stream.read()) == [(id, {"kind": "é"})]
    stream.close()
    pool.disconnect()


def test_the_key_must_be_given() -> None:
    with pytest.raises(ValueError, match=r"key is None; give the name of a stream"):
        EventClient(None)  # type: ignore[arg-type]
