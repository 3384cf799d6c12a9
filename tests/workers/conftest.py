"""A client on an empty database, and a worker beside it for who asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from littleflow_redis import Client
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.workers.scenes import lifecycle


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@pytest.fixture
def worker(engine: Client) -> Iterator[LifecycleWorker]:
    with lifecycle(engine) as worker:
        yield worker
