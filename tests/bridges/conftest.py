"""A plain Celery app on the test server: broker and results in databases of their own."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from kombu import pools

from littleflow_redis.bridges import watch
from tests.support import RedisServer, Spawned

APPS = Path(__file__).parent.parent / "apps"

#: A worker as a user starts it. Alone on its broker, it need not look for neighbours.
WORKER = [
    *(sys.executable, "-m", "celery", "-A", "plain", "worker", "-l", "info"),
    *("--without-mingle", "--without-gossip"),
]


@pytest.fixture(scope="session")
def celery_environment(redis_server: RedisServer) -> dict[str, str]:
    """What tells Celery where its broker and its results are."""
    address = f"redis://{redis_server.host}:{redis_server.port}"
    return {"CELERY_BROKER_URL": f"{address}/1", "CELERY_RESULT_BACKEND": f"{address}/2"}


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the task ``note`` writes, run by the shared worker."""
    return tmp_path_factory.mktemp("ledger") / "lines"


@pytest.fixture
def ledger(ledger_file: Path) -> Path:
    """The file of the shared worker, without what other tests left in it."""
    ledger_file.write_text("")
    return ledger_file


@pytest.fixture(scope="module")
def shared_worker(
    celery_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory, ledger_file: Path
) -> Iterator[Spawned]:
    """One Celery worker for all tests of a module."""
    environment = {**os.environ, **celery_environment, "LEDGER": str(ledger_file)}
    output = tmp_path_factory.mktemp("celery") / "output"
    process = Spawned([*WORKER, "--pool", "solo"], environment, APPS, output)
    process.wait_for_output("ready.")
    yield process
    process.kill_group()


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
def quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches that end at once, for tests that make many."""
    monkeypatch.setattr(watch, "_LOOK", 0.005)


@pytest.fixture
def worker(
    spawn: Callable[..., Spawned], celery_environment: dict[str, str]
) -> Callable[..., Spawned]:
    """Start ``celery -A plain worker`` as a user does; options may follow."""

    def start(*options: str) -> Spawned:
        process = spawn([*WORKER, "--pool", "solo", *options], env=celery_environment, cwd=APPS)
        process.wait_for_output("ready.")
        return process

    return start


@pytest.fixture
def broker(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """Where the queue is the list ``celery``."""
    with redis.Redis(host=redis_server.host, port=redis_server.port, db=1) as broker:
        yield broker


@pytest.fixture
def results(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis(host=redis_server.host, port=redis_server.port, db=2) as results:
        yield results
