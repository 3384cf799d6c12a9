"""A client of the engine on an empty database, and a scene for events."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.engine.client import Client

from .event_scene import Scene


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@pytest.fixture
def scene(engine: Client) -> Scene:
    return Scene(engine)
