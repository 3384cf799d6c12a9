"""Listeners in threads and readers of a group, stopped at the end of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from littleflow_redis.events.group import GroupReader
from tests.events.listeners import Gate, Listening
from tests.events.readers import GROUP, STREAM


@pytest.fixture
def listen() -> Iterator[Callable[[Any], Listening]]:
    """Run a listener in a thread until the test is over."""
    running: list[Listening] = []

    def start(listener: Any) -> Listening:
        running.append(Listening(listener))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def gate() -> Any:
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def reader(client: redis.Redis) -> Iterator[GroupReader]:
    reader = GroupReader(client, STREAM, GROUP, claim_idle=0)
    reader.ensure()
    yield reader
    reader.close()


@pytest.fixture
def other(client: redis.Redis) -> Iterator[GroupReader]:
    other = GroupReader(client, STREAM, GROUP, claim_idle=0)
    yield other
    other.close()
