"""An app whose tasks de-duplicate, by the libraries that people have, and a worker for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import celery_once.backends.redis
import celery_singleton.backends
import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.engine.client import Client
from tests.bridges.conftest import APPS, app_of, celery_worker
from tests.bridges.serving import bridge_of, running
from tests.support import Spawned


@pytest.fixture(scope="module")
def worker(
    celery_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spawned]:
    options = ("--pool", "threads", "-c", "4")
    with celery_worker("single", celery_environment, tmp_path_factory, *options) as process:
        yield process


@pytest.fixture
def app(
    client: redis.Redis, celery_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Celery]:
    monkeypatch.syspath_prepend(APPS)
    # Both keep the first connection that the process has made.
    monkeypatch.setattr(celery_once.backends.redis, "redis", None)
    monkeypatch.setattr(celery_singleton.backends, "_backend", None)
    with app_of("single", celery_environment) as app:
        settings = {"url": celery_environment["CELERY_RESULT_BACKEND"], "default_timeout": 60}
        app.conf.ONCE = {"backend": "celery_once.backends.Redis", "settings": settings}
        yield app
        for kept in (celery_once.backends.redis.redis, celery_singleton.backends._backend):
            connection = getattr(kept, "redis", kept)
            if isinstance(connection, redis.Redis):
                connection.close()


@pytest.fixture
def bridge(engine: Client, app: Celery) -> Iterator[Bridge]:
    with running(bridge_of(engine, app, "s", sweep=0.3)) as bridge:
        yield bridge


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """What a task waits for: make this file. Beside it is how often it ran."""
    return tmp_path / f"gate-{uuid.uuid4().hex}"
