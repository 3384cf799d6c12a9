"""Heartbeats of processes that hold attempts: what they say, and who says it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.workers.executor.heartbeat import (
    Heartbeat,
    Life,
    ProcessHeartbeat,
    ThreadHeartbeat,
)
from tests.support import RedisServer, wait_until

FIRST = Registration(["m"])
NEXT = Registration(["m", ""], ["q"], "app", "digest", ["m:a"], {"m:b": "other"})


@pytest.fixture
def held(client: redis.Redis) -> HeldAttempts:
    return HeldAttempts(Client(redis=client).context)


@pytest.fixture(params=["thread", "process"])
def heartbeat(
    request: pytest.FixtureRequest, held: HeldAttempts, redis_server: RedisServer
) -> Iterator[Heartbeat]:
    life, keys = Life("worker-1", FIRST, 0.4), Client(redis_server.url).keys
    made: Heartbeat = (
        ThreadHeartbeat(held, life)
        if request.param == "thread"
        else ProcessHeartbeat(held, life, redis_server.url, keys)
    )
    made.start()
    yield made
    made.stop()


def forgotten(held: HeldAttempts) -> None:
    """All that was said is gone, as after the loss of a Redis."""
    held._context.redis.flushall()


def test_the_latest_registration_is_said_again_and_again(
    heartbeat: Heartbeat, held: HeldAttempts
) -> None:
    assert held.living() == {"worker-1": as_read(FIRST)}
    forgotten(held)
    wait_until(lambda: held.living() == {"worker-1": as_read(FIRST)}, "it is said again")
    heartbeat.say(NEXT)
    assert held.living() == {"worker-1": as_read(NEXT)}, "at once"
    forgotten(held)
    wait_until(lambda: held.living() == {"worker-1": as_read(NEXT)}, "it is said again")


def test_nobody_lives_whose_heartbeat_has_stopped(heartbeat: Heartbeat, held: HeldAttempts) -> None:
    heartbeat.stop()
    wait_until(lambda: not held.alive(), "its time is over")
    assert held.living() == {}
    assert held.registered() == {"worker-1"}


def test_a_registration_of_another_form_says_nothing(held: HeldAttempts) -> None:
    for odd in ("", "[1]", "{}", "no json", '{"categories": {"m": 1}, "lacks": 3, "left": []}'):
        assert Registration.read(odd.encode()) == Registration(()), odd


def as_read(said: Registration) -> Registration:
    return Registration.read(said.text().encode())
