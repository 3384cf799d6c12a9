"""A plain Celery app on the test server: broker and results in databases of their own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from kombu import pools

from tests.support import RedisServer, Spawned

APPS = Path(__file__).parent.parent / "apps"


@pytest.fixture
def celery_environment(redis_server: RedisServer) -> dict[str, str]:
    """What tells Celery where its broker and its results are."""
    address = f"redis://{redis_server.host}:{redis_server.port}"
    return {"CELERY_BROKER_URL": f"{address}/1", "CELERY_RESULT_BACKEND": f"{address}/2"}


@pytest.fixture
def app(
    client: redis.Redis, celery_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Celery]:
    """The tasks of ``tests/apps/plain.py`` in an app of this test's own, on empty databases.

    Celery registers a task in every app of the process, so the module is imported only once.
    """
    monkeypatch.syspath_prepend(APPS)
    importlib.import_module("plain")
    app = Celery("plain", set_as_current=False)
    app.conf.broker_url = celery_environment["CELERY_BROKER_URL"]
    app.conf.result_backend = celery_environment["CELERY_RESULT_BACKEND"]
    app.finalize()
    yield app
    app.close()
    pools.reset()


@pytest.fixture
def worker(
    spawn: Callable[..., Spawned], celery_environment: dict[str, str]
) -> Callable[..., Spawned]:
    """Start ``celery -A plain worker`` as a user does; options may follow."""

    def start(*options: str) -> Spawned:
        command = [sys.executable, "-m", "celery", "-A", "plain", "worker", "-l", "info"]
        process = spawn([*command, "--pool", "solo", *options], env=celery_environment, cwd=APPS)
        process.wait_for_output("ready.")
        return process

    return start
