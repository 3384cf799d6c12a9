"""Settings of a worker that serves steps: the environment wins over the app."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from celery import Celery

from littleflow_redis.bridges.worker.worker_settings import WorkerSettings, read_worker_settings
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.connection import ConfigurationError
from tests.support import LONG, RedisServer, Spawned

from .conftest import APPS, Serve, worker_command

DAY = 86_400


def read(**conf: object) -> WorkerSettings:
    app = Celery("shop", set_as_current=False)
    app.conf.littleflow = conf
    return read_worker_settings(app)


def test_nothing_is_set() -> None:
    assert read() == WorkerSettings()
    assert read_worker_settings(Celery("shop", set_as_current=False)) == WorkerSettings()


def test_the_app_sets_them() -> None:
    made = read(
        serve=["shop", ""], roles=[], prefetch=2, lifetime=30, retain="7d", retain_failed=60
    )
    assert made == WorkerSettings(
        ("shop", ""),
        (),
        2,
        30.0,
        {
            WorkflowState.FINISHED: 7 * DAY,
            WorkflowState.TERMINATED: 7 * DAY,
            WorkflowState.FAILED: 60,
        },
    )


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SERVE": "shop, '',math",
        "ROLES": "receipts",
        "PREFETCH": "0",
        "LIFETIME": "4.5",
        "RETAIN_FAILED": "30d",
    }.items():
        monkeypatch.setenv(f"LITTLEFLOW_{name}", value)
    made = read(serve=["other"], prefetch=9, retain=5)
    assert (made.serve, made.roles) == (("shop", "", "math"), ("receipts",))
    assert (made.prefetch, made.lifetime) == (0, 4.5)
    assert made.retain[WorkflowState.FINISHED] == 5
    assert made.retain[WorkflowState.FAILED] == 30 * DAY


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("serve", 3, "list of names"),
        ("serve", [3], "list of names"),
        ("roles", ["king"], "no role 'king': there are lifecycle, receipts"),
        ("prefetch", -1, "0 or more"),
        ("prefetch", True, "0 or more"),
        ("lifetime", 0.5, "1 seconds or more"),
        ("lifetime", "soon", "1 seconds or more"),
        ("retain", "soon", "needs a time"),
        ("retain_failed", -5, "between 0 and"),
    ],
)
def test_what_they_cannot_be(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"app.conf.littleflow: {name} is .*{says}"):
        read(**{name: value})
    if isinstance(value, str):
        monkeypatch.setenv(f"LITTLEFLOW_{name.upper()}", value)
        with pytest.raises(ConfigurationError, match=f"LITTLEFLOW_{name.upper()} is .*{says}"):
            read()


def test_a_wrong_one_ends_the_worker_in_a_line(
    spawn: Callable[..., Spawned], redis_server: RedisServer
) -> None:
    process = spawn(
        worker_command("solo"),
        env={**redis_server.environment, "LITTLEFLOW_PREFETCH": "many"},
        cwd=APPS,
    )
    assert process.wait() == 1
    assert process.output.splitlines()[-1] == (
        "littleflow_redis.steps: LITTLEFLOW_PREFETCH is 'many': set it to 0 or more"
    )
    assert "Traceback" not in process.output


def test_a_worker_serves_its_namespace(
    serve: Serve, client: object, redis_server: RedisServer
) -> None:
    serve("solo", LITTLEFLOW_NAMESPACE="ns:", LITTLEFLOW_SERVE="m")
    engine = Client(redis_server.url, keys=Keys("ns:"))
    assert engine.wait(engine.start("m:add(- [1, 2] -)", {}), timeout=LONG) == 3
    engine.redis.close()
