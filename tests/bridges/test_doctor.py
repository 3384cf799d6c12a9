"""`doctor`: each check finds what it is for, and nothing in an app that is well."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from celery import Celery, Task

from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.bridges.doctor import (
    CHECKS,
    Level,
    checks_for,
    examine,
)
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.defaults import store_defaults
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.group import GroupReader
from tests.engine.test_defaults import by_bridge, given
from tests.support import RedisServer, Spawned

from .conftest import APPS
from .doctor_scene import Run, found, subject, work
from .doctor_scene import engine as engine


@pytest.mark.parametrize(
    ("check", "settings", "level", "says", "sets"),
    [
        ("result-backend", {"result_backend": "rpc://"}, Level.ERROR, "stores nothing", "redis://"),
        ("result-expires", {"result_expires": 60}, Level.WARNING, "for 60 s", "=86400"),
        ("always-retry", {"result_backend_always_retry": False}, Level.HINT, "once", "=True"),
        ("serializers", {"accept_content": ["yaml"]}, Level.ERROR, "sent as json", "'json'"),
        ("ignore-result", {"task_ignore_result": True}, Level.WARNING, "shop.pack", "=False"),
        ("track-started", {"task_track_started": False}, Level.HINT, "shop.pack", "=True"),
        ("acks-late", {"task_acks_late": False}, Level.HINT, "before they run", "=True"),
        (
            "reject-on-worker-lost",
            {"task_reject_on_worker_lost": None},
            Level.HINT,
            "their process is killed",
            "=True",
        ),
        ("delivery-mode", {"task_default_delivery_mode": 1}, Level.WARNING, "transient", "persist"),
        ("visibility-timeout", {"task_time_limit": None}, Level.WARNING, "3600 s", "task_time_lim"),
        (
            "visibility-timeout",
            {"broker_transport_options": {"visibility_timeout": 60}},
            Level.WARNING,
            "longer than 60 s",
            "below 60",
        ),
        ("broker", {"broker_url": "redis://127.0.0.1:1/0"}, Level.ERROR, "cannot be", "broker_url"),
    ],
)
def test_what_an_app_sets(
    engine: Client,
    app: Celery,
    check: str,
    settings: dict[str, object],
    level: Level,
    says: str,
    sets: str,
) -> None:
    assert found(subject(engine, app), check) == []
    (finding,) = found(subject(engine, app, **settings), check)
    assert (finding.check, finding.level) == (check, level)
    assert says in finding.found
    assert sets in finding.set
    assert finding.costs


def test_times_of_a_category(engine: Client, app: Celery) -> None:
    (finding,) = found(subject(engine, app), "timeouts")
    assert "category shop" in finding.found
    store_defaults(engine.redis, engine.keys, {"shop": {"$timeout": 60}})
    assert found(subject(engine, app), "timeouts") == []


ONCE = "shop:pack(- $on-lost: fail -)"


@pytest.mark.parametrize(
    ("settings", "says", "sets"),
    [
        ({"task_acks_late": True}, "is acknowledged late", "acks_late=False"),
        ({"task_retry_on_worker_lost": True}, "is sent again by its worker", "lost=False"),
        (
            {"broker_transport_options": {"retry_on_timeout": True}},
            "sends again when no answer comes",
            "without retry_on_timeout",
        ),
    ],
)
def test_settings_by_which_a_step_may_run_twice(
    engine: Client, app: Celery, settings: dict[str, object], says: str, sets: str
) -> None:
    early = {"task_acks_late": False}
    assert found(subject(engine, app, ONCE, **early), "at-most-once") == []
    assert found(subject(engine, app, "shop:pack", **settings), "at-most-once") == []
    (finding,) = found(subject(engine, app, ONCE, **early | settings), "at-most-once")
    assert finding.found.startswith("0.flow:1:1 (shop:pack): $on-lost: fail, but shop.pack ")
    assert says in finding.found
    assert sets in finding.set
    # No message of a broker brings the steps that workers serve themselves.
    inside = {"include": ["littleflow_redis.steps"]}
    assert found(subject(engine, app, ONCE, **early | settings | inside), "at-most-once") == []


def test_tasks_that_retry_themselves_may_run_twice(engine: Client, app: Celery) -> None:
    one = subject(engine, app, "shop:auto", "shop:asks", "shop:never", task_acks_late=False)
    given(engine, shop={"on-lost": "fail"})

    def asks(self: Task) -> None:
        raise self.retry()

    one.app.task(name="shop.auto", shared=False, autoretry_for=(OSError,))(work)
    one.app.task(name="shop.asks", shared=False, bind=True)(asks)
    one.app.task(name="shop.never", shared=False, bind=True, max_retries=0)(asks)
    names = TaskLookup([name for name in one.app.tasks if name.startswith("shop.")], ("shop",))
    texts = [finding.found for finding in found(replace(one, names=names), "at-most-once")]
    assert texts == [
        "0.flow:1:1 (shop:auto): $on-lost: fail, but shop.auto is retried by Celery itself "
        "(autoretry_for)",
        "1.flow:1:1 (shop:asks): $on-lost: fail, but shop.asks calls self.retry",
    ]


def test_a_step_that_says_otherwise_may_run_twice(engine: Client, app: Celery) -> None:
    """It wins over its category; and so does a bridge's, and the app's own, over a worker's."""
    late = {"task_acks_late": True}
    given(engine, shop={"on-lost": "fail"})
    assert found(subject(engine, app, "shop:pack", **late), "at-most-once")
    assert not found(subject(engine, app, "shop:pack(- $on-lost: retry -)", **late), "at-most-once")
    own = {"littleflow": {"categories": {"shop": {"on-lost": "retry"}}}}
    assert not found(subject(engine, app, "shop:pack", **late | own), "at-most-once")
    by_bridge(engine, shop={"on-lost": "retry"})
    assert not found(subject(engine, app, "shop:pack", **late), "at-most-once")


def test_tasks_that_flows_name(engine: Client, app: Celery) -> None:
    id = engine.start("shop:pack → shop:sned → other:thing")
    one = subject(engine, app, "A\n→ shop:lost → { shop:lost }")
    texts = [one.found for one in found(one, "tasks")]
    assert texts[0].startswith("0.flow:2:3 (shop:lost), 0.flow:2:17 (shop:lost): the app has no t")
    assert texts[1:] == [
        f"{id} step 2 (shop:sned): the app has no task shop:sned; there is shop.send"
    ]
    engine.terminate(id)
    assert len(found(subject(engine, app), "tasks")) == 0


def test_of_steps_that_workers_serve_only_what_concerns_them_is_checked(
    engine: Client, app: Celery
) -> None:
    about_broker = {"result-backend", "acks-late", "timeouts", "visibility-timeout"}
    made = lambda **settings: subject(engine, app, **settings)  # noqa: E731
    assert about_broker < {*checks_for(made())}
    assert not about_broker & {*checks_for(made(include=["littleflow_redis.steps"]))}
    held = HeldAttempts(engine.context)
    shop, other = (Registration([name], ["celery"]) for name in ("shop", "other"))
    held.beat("worker-1", shop, 60)
    assert not about_broker & {*checks_for(made())}
    held.beat("worker-2", other, 60)
    held.beat("worker-1", shop, -1)
    assert about_broker < {*checks_for(made())}
    held.beat("worker-1", shop, 60)
    bridge = GroupReader(engine.redis, engine.keys.events, "bridge:shop")
    bridge.ensure()
    bridge.claim_stale(1)
    assert {*checks_for(made())} == {*CHECKS}, "a bridge serves it, too"


def test_without_a_result_backend_the_way_without_is_named(engine: Client, app: Celery) -> None:
    (finding,) = found(subject(engine, app, result_backend=None), "result-backend")
    assert "`celery -A shop_tasks:app worker -I littleflow_redis.steps`" in finding.set


def test_categories_that_nobody_serves(engine: Client, app: Celery) -> None:
    one = subject(engine, app, "shop:pack → ship:send")
    shop, ship = found(one, "served")
    assert shop.found == "0.flow:1:1 (shop:pack): nobody serves the category 'shop' (shop:pack)"
    assert shop.set == (
        "start a Celery worker that serves it (`celery -A shop_tasks:app worker "
        "-I littleflow_redis.steps`), a bridge (`bridge -A shop_tasks:app --category shop`)"
    )
    assert ship.found.startswith("0.flow:1:13 (ship:send): ")
    assert ship.set.startswith("did you mean 'shop'? Else")
    bridge = GroupReader(engine.redis, engine.keys.events, "bridge:shop")
    bridge.ensure()
    bridge.claim_stale(1)
    assert [finding.found for finding in found(one, "served")] == [ship.found]


def test_the_worst_come_first(engine: Client, app: Celery) -> None:
    settings = {"task_track_started": False, "accept_content": ["yaml"]}
    levels = [one.level for one in examine(subject(engine, app, **settings))]
    assert levels == sorted(levels, key=lambda level: level.weight)
    assert set(levels) == set(Level)


@pytest.fixture
def command(spawn: Run, redis_server: RedisServer, celery_environment: dict[str, str]) -> Run:
    def start(name: str, *options: str) -> Spawned:
        command: Sequence[str] = [sys.executable, "-m", "littleflow_redis", name, "-A", "plain"]
        environment = {**redis_server.environment, **celery_environment}
        return spawn([*command, *options], env=environment, cwd=APPS)

    return start


def test_the_command_says_it_as_text_and_as_json(
    client: redis.Redis, command: Run, tmp_path: Path
) -> None:
    flow = tmp_path / "shop.flow"
    flow.write_text("add → absent")
    text, data = command("doctor", str(flow)), command("doctor", "--json", str(flow))
    assert (text.wait(), data.wait()) == (1, 1)
    assert "error: no Celery worker answers [consumers]\n    costs: " in text.output
    assert f"error: {flow}:1:7 (absent): the app has no task absent" in text.output
    assert "set:   celery -A plain worker" in text.output
    findings = json.loads(data.output)
    assert {"check", "level", "found", "costs", "set"} == set(findings[0])
    assert findings[0]["level"] == "error"


def test_a_file_that_does_not_compile_keeps_nobody_from_the_others(
    client: redis.Redis, command: Run, tmp_path: Path
) -> None:
    """Its message was all that there was."""
    broken, odd, absent, good = (tmp_path / f"{name}.flow" for name in ("a", "b", "c", "d"))
    broken.write_text("add → → →\n{")
    odd.write_bytes(b"\xff")
    good.write_text("add → absent")
    doctor = command("doctor", *map(str, (broken, odd, absent, good)))
    assert doctor.wait() == 1
    assert f"error: {broken}:" in doctor.output
    assert f"error: {odd}: " in doctor.output
    assert f"error: {absent}: No such file or directory [flows]" in doctor.output
    assert doctor.output.count(" [flows]\n") == 3
    assert f"set:   the fix that `check {broken}` names" in doctor.output
    assert f"error: {good}:1:7 (absent): the app has no task absent" in doctor.output


def test_a_bridge_warns_of_the_worst_when_it_starts(client: redis.Redis, command: Run) -> None:
    bridge = command("bridge", "--category", "math")
    bridge.wait_for_output("event=doctor check=consumers")
    bridge.wait_for_output('next="ask littleflow_redis doctor"')
