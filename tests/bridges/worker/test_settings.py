"""Settings of a worker that serves steps: the environment wins over the app."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from celery import Celery

from littleflow_redis.bridges.broker.terminate_signals import SIGNALS
from littleflow_redis.bridges.calls.call_options import WORKER_SETTINGS
from littleflow_redis.bridges.worker.room import UNLIMITED
from littleflow_redis.bridges.worker.worker_settings import WorkerSettings, read_worker_settings
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.workers.executor.roles import ROLES
from tests.support import LONG, RedisServer, Spawned

from .conftest import APPS, Serve, worker_command

DAY = 86_400

#: The page that users read of them.
PAGE = Path(__file__).parents[3] / "docs/how-to/serve-in-the-worker.md"

#: A value of each that is not its default.
OTHER = {
    "serve": "shop",
    "prefetch": "9",
    "roles": "receipts",
    "retain": "7d",
    "retain_failed": "7d",
    "terminate_signal": "SIGTERM",
    "lifetime": "30",
}


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


def documented() -> dict[str, tuple[str, str]]:
    """The settings of the page: the meaning and the default of each, by name."""
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    return {name: (meaning, default) for name, meaning, default in rows}


def test_the_page_names_all_of_them_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {one.name for one in fields(WorkerSettings)}
    # Both are in one field, by the state in which workflows ended.
    assert documented().keys() == known | {"retain_failed"} == WORKER_SETTINGS == OTHER.keys()
    variables = {*re.findall(r"LITTLEFLOW_(\w+)", PAGE.read_text())}
    assert variables <= {*(name.upper() for name in known), "NAMESPACE"}
    for name, value in OTHER.items():
        monkeypatch.setenv(f"LITTLEFLOW_{name.upper()}", value)
        assert read() == read(**{name: [value] if name in ("serve", "roles") else value})
        assert read() != WorkerSettings(), name
        monkeypatch.delenv(f"LITTLEFLOW_{name.upper()}")


def test_the_page_says_their_defaults() -> None:
    says, default = documented(), WorkerSettings()
    assert default.serve == ()
    assert says["serve"][1].startswith("the app's name, its module, and none")
    assert default.prefetch is None
    assert says["prefetch"][1] == f"`worker_prefetch_multiplier`; {UNLIMITED} for 0"
    assert {*default.roles} == {*ROLES} == {*re.findall("`(.+?)`", says["roles"][0])}
    assert (says["roles"][1], len(ROLES)) == ("both", 2)
    assert not default.retain
    assert says["retain"][1] == "kept for ever"
    assert says["retain_failed"][0].endswith(WorkflowState.FAILED)
    assert default.terminate_signal is None
    assert says["terminate_signal"][1].startswith("none")
    assert re.findall("`(.+?)`", says["terminate_signal"][0]) == [*SIGNALS]
    assert says["lifetime"][1] == f"{default.lifetime:g}"


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
