"""`doctor` about Redis, the broker and the result backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from celery import Celery

from littleflow_redis.bridges.doctor import (
    CHECKS,
    Level,
    examine,
    servers,
)
from littleflow_redis.engine.client import Client
from tests.support import LONG, RedisServer, Spawned

from .conftest import APPS, worker_of
from .doctor_scene import Run, found, subject
from .doctor_scene import engine as engine


@pytest.mark.parametrize(("limit", "level"), [("0", Level.HINT), ("100mb", Level.ERROR)])
def test_eviction(
    app: Celery, own_server: Callable[..., RedisServer], limit: str, level: Level
) -> None:
    server = own_server("--maxmemory-policy", "allkeys-lru", "--maxmemory", limit)
    with server.client() as client:
        (finding,) = found(subject(Client(redis=client), app), "eviction")
    assert (finding.level, "the engine's Redis" in finding.found) == (level, True)
    assert "maxmemory-policy noeviction" in finding.set


def test_persistence(app: Celery, engine: Client, own_server: Callable[..., RedisServer]) -> None:
    # The test server keeps nothing, and is broker and result backend too.
    assert len(found(subject(engine, app), "persistence")) == 3
    kept = own_server("--appendonly", "yes")
    snapshots = own_server()
    for server, levels in ((kept, []), (snapshots, [Level.HINT])):
        with server.client() as client:
            client.config_set("save", "60 1")
            one = subject(Client(redis=client), app, broker_url=kept.url, result_backend=kept.url)
            assert [finding.level for finding in found(one, "persistence")] == levels
            one.app.close()


def test_a_clock_that_differs(app: Celery, engine: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(subject(engine, app), "clock") == []
    monkeypatch.setattr(servers, "SKEW", -1.0)
    assert len(found(subject(engine, app), "clock")) == 3


def test_queues_without_a_consumer(
    engine: Client, app: Celery, worker: Callable[..., Spawned]
) -> None:
    (nobody,) = found(subject(engine, app), "consumers")
    assert "no Celery worker answers" in nobody.found
    assert nobody.set.startswith("celery -A shop_tasks:app worker; ")
    worker()
    # A worker says that it is ready before it can be asked.
    patient = replace(subject(engine, app), patience=LONG)
    assert found(patient, "consumers") == []
    text = "shop:pack(- $celery: {queue: gpu} -)"
    routed = subject(engine, app, text, task_routes={"shop.send": {"queue": "slow"}})
    gpu, slow = found(replace(routed, patience=5.0), "consumers")
    assert (gpu.level, slow.level) == (Level.ERROR, Level.ERROR)
    assert "'gpu', where 0.flow:1:1 (shop:pack) go" in gpu.found
    assert "'slow', where shop.send go" in slow.found
    assert "celery -A shop_tasks:app worker -Q slow" in slow.set


def test_a_worker_that_was_just_started_is_waited_for(
    engine: Client, app: Celery, celery_environment: dict[str, str], spawn: Run
) -> None:
    """Right after `celery worker &` the doctor said that no worker answers."""
    spawn(worker_of("plain"), env=celery_environment, cwd=APPS)
    assert found(replace(subject(engine, app), patience=LONG), "consumers") == []


def test_a_redis_that_is_away_is_one_finding(engine: Client, app: Celery) -> None:
    """It was a warning of the first check that failed, and named neither server nor variable."""
    away = Client("redis://user:secret@127.0.0.1:1/0")
    checks = [name for name in CHECKS if name != "consumers"]
    (finding,) = examine(subject(away, app), checks)
    assert (finding.check, finding.level) == ("redis", Level.ERROR)
    assert finding.found.startswith("the engine's Redis at 127.0.0.1:1 cannot be reached: ")
    names = "at-most-once, timeouts, permissions, eviction, persistence, clock, served, tasks"
    assert f"not looked at: {names}" in finding.found
    assert finding.set.startswith("REDIS_URL")
    assert "secret" not in str(finding)


def test_a_backend_that_cannot_be_is_a_finding(engine: Client, app: Celery) -> None:
    """A typo in its URL ended the doctor with a traceback, and nothing was told."""
    found = examine(subject(engine, app, result_backend="nosuch://x"))
    text = " ".join(finding.found for finding in found)
    assert "No module named 'nosuch'" in text
    assert "tasks" not in text.partition("not looked at: ")[2]
