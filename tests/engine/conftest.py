"""A client of the engine on an empty database."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.engine.client import Client


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)
