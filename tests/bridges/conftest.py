"""A plain Celery app on the test server: broker and results in databases of their own."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from celery import Celery
from kombu import pools

from littleflow_redis.bridges.broker import result_subscriber
from littleflow_redis.engine.client import Client
from tests.support import RedisServer, Spawned
from tests.workers.scenes import lifecycle

APPS = Path(__file__).parent.parent / "apps"


def worker_of(app: str) -> list[str]:
    """A worker as a user starts it. Alone on its broker, it need not look for neighbours."""
    celery = [sys.executable, "-m", "celery", "-A", app, "worker", "-l", "info"]
    return [*celery, "--without-mingle", "--without-gossip"]


WORKER = worker_of("plain")

#: Starts a command of ours in the folder of the apps, with what it needs to find its servers.
Start = Callable[..., Spawned]


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
    environment = {**celery_environment, "LEDGER": str(ledger_file)}
    with celery_worker("plain", environment, tmp_path_factory, "--pool", "solo") as process:
        yield process


@contextmanager
def celery_worker(
    app: str,
    environment: Mapping[str, str],
    folders: pytest.TempPathFactory,
    *options: str,
) -> Iterator[Spawned]:
    """A worker for an app of ``tests/apps``, for longer than one test."""
    output = folders.mktemp("celery") / "output"
    process = Spawned([*worker_of(app), *options], {**os.environ, **environment}, APPS, output)
    process.wait_for_output("ready.")
    yield process
    process.kill_group()


@pytest.fixture
def app(
    client: redis.Redis, celery_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Celery]:
    """The tasks of ``tests/apps/plain.py``, on empty databases."""
    monkeypatch.syspath_prepend(APPS)
    with app_of("plain", celery_environment) as app:
        yield app


@contextmanager
def app_of(module: str, environment: Mapping[str, str]) -> Iterator[Celery]:
    """The tasks of a module of ``tests/apps`` in an app of this test's own.

    Celery registers a task in every app of the process: the module is imported only once, and what
    other modules have registered is taken away.
    """
    importlib.import_module(module)
    app = Celery(module, set_as_current=False)
    app.conf.broker_url = environment["CELERY_BROKER_URL"]
    app.conf.result_backend = environment["CELERY_RESULT_BACKEND"]
    app.finalize()
    for name, task in list(app.tasks.items()):
        if task.__module__ != module and not name.startswith("celery."):
            del app.tasks[name]
    yield app
    app.close()
    pools.reset()


@pytest.fixture
def engine(client: redis.Redis, redis_server: RedisServer) -> Iterator[Client]:
    """A client, with a lifecycle worker in a thread of the test's process."""
    engine = Client(redis_server.url)
    with lifecycle(engine):
        yield engine


@pytest.fixture
def quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches that end at once, for tests that make many."""
    monkeypatch.setattr(result_subscriber, "_LOOK", 0.005)


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
def start(
    spawn: Callable[..., Spawned], redis_server: RedisServer, celery_environment: dict[str, str]
) -> Start:
    """``start("bridge", "-A", "plain", VARIABLE="…")``."""

    def start(*words: str, **environment: str) -> Spawned:
        command = [sys.executable, "-m", "littleflow_redis", *words]
        given = {**redis_server.environment, **celery_environment, **environment}
        return spawn(command, env=given, cwd=APPS)

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
