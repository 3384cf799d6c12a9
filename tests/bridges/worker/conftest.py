"""Celery workers that serve steps themselves: no bridge, no lifecycle worker, no result backend."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery
from celery.app.control import Control

from littleflow_redis.engine.client import Client
from tests.support import RedisServer, Spawned, wait_until

APPS = Path(__file__).parent.parent.parent / "apps"

#: Pools, and how many of their slots.
POOLS = {"solo": 1, "threads": 4, "prefork": 2, "gevent": 4, "eventlet": 4}

#: One pool of each kind: to this package those of greenlets are all the same.
KINDS = [pool for pool in POOLS if pool != "eventlet"]

#: Starts a worker: ``serve("threads", "-Q", "apart")``; other keywords than ``app`` and ``wait``
#: are environment variables.
Serve = Callable[..., Spawned]


def worker_command(pool: str, *options: str, app: str = "inside") -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "-A", app, "worker", "-l", "info"),
        *("-I", "littleflow_redis.steps", "--pool", pool, "--concurrency", str(POOLS[pool])),
        *("--without-mingle", "--without-gossip", *options),
    ]


def broker_url(server: RedisServer) -> str:
    return f"redis://{server.host}:{server.port}/1"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    file = tmp_path / "lines"
    file.touch()
    return file


@pytest.fixture
def say(ledger: Path) -> Callable[[str], None]:
    """Write a line that a task waits for."""

    def say(line: str) -> None:
        with ledger.open("a") as file:
            file.write(f"{line}\n")

    return say


@pytest.fixture
def serve(spawn: Callable[..., Spawned], redis_server: RedisServer, ledger: Path) -> Serve:
    def serve(
        pool: str, *options: str, app: str = "inside", wait: bool = True, **environment: str
    ) -> Spawned:
        given = {
            **redis_server.environment,
            "CELERY_BROKER_URL": broker_url(redis_server),
            "LEDGER": str(ledger),
            **environment,
        }
        process = spawn(worker_command(pool, *options, app=app), env=given, cwd=APPS)
        if wait:
            process.wait_for_output("event=serving-steps")
        return process

    return serve


@pytest.fixture
def control(redis_server: RedisServer) -> Iterator[Control]:
    """Remote control of the workers."""
    with Celery(broker=broker_url(redis_server), set_as_current=False) as app:
        yield app.control


@pytest.fixture
def engine(client: object, redis_server: RedisServer) -> Iterator[Client]:
    engine = Client(redis_server.url)
    yield engine
    engine.redis.close()


def wait_for_pool(pool: str, control: Control) -> None:
    """Wait until a worker whose tasks have begun is back at its loop.

    Celery's cold stop is a deadlock while a thread is being started. A solo worker answers nobody
    while its task runs.
    """
    if pool != "solo":
        wait_until(lambda: control.ping(timeout=1.0, limit=1), "the worker answers")
