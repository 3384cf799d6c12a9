"""Health, readiness, groups and metrics."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from littleflow_redis import Client
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.api.conftest import Service
from tests.support import LONG, RedisServer, wait_until


def test_ready_and_healthy(http: httpx.Client, worker: LifecycleWorker) -> None:
    assert http.get("/healthz").json() == {"status": "Success"}

    def caught_up() -> bool:
        found = http.get("/readyz").json()
        assert (found["redis"], found["scripts"]) == ("ok", "ok")
        return bool(found["lag"] == {"ending": 0})

    wait_until(caught_up, "the worker has read all there is")


def test_a_group_that_is_behind(http: httpx.Client, engine: Client) -> None:
    engine.redis.xgroup_create("workflows:run", "sleepy", id="0", mkstream=True)
    for _ in range(3):
        engine.send_event("news")
    behind = http.get("/readyz?max-lag=2")
    assert (behind.status_code, behind.json()["error"]) == (503, "lagging")
    assert "sleepy" in behind.json()["message"]
    assert http.get("/readyz?max-lag=3").json()["lag"] == {"sleepy": 3}


def test_while_redis_is_away(own_server: Callable[..., RedisServer], tmp_path: Path) -> None:
    service = Service(own_server(start=False), tmp_path)
    try:
        assert httpx.get(f"{service.url}/healthz", timeout=LONG).status_code == 200
        for path in ("/readyz", "/metrics", "/groups", "/events", "/workflows/w/state"):
            away = httpx.get(service.url + path, timeout=LONG)
            assert (away.status_code, away.json()["error"]) == (503, "redis-unavailable"), path
        text = {"workflow": "A"}
        checked = httpx.post(f"{service.url}/workflows/check", json=text, timeout=LONG).json()
        assert checked["valid"]
        assert "unserved" not in checked
    finally:
        service.process.kill_group()


#: Settings by which a server refuses to write, and what it answers then.
REFUSALS = {"OOM": "maxmemory", "NOREPLICAS": "min-replicas-to-write"}


@pytest.mark.parametrize("code", REFUSALS)
def test_while_redis_refuses_to_write(
    own_server: Callable[..., RedisServer], tmp_path: Path, code: str
) -> None:
    server = own_server()
    service = Service(server, tmp_path)

    def ready() -> httpx.Response:
        return httpx.get(f"{service.url}/readyz", timeout=LONG)

    try:
        wait_until(lambda: ready().status_code == 200, "it is ready")
        with server.client() as redis:
            redis.config_set(REFUSALS[code], 1)
            wait_until(lambda: ready().status_code == 503, "it is not ready")
            assert ready().json()["error"] == "redis-refuses"
            assert f"Redis refuses to write now ({code} " in ready().json()["message"]
            # Its own life does not depend on Redis.
            assert httpx.get(f"{service.url}/healthz", timeout=LONG).status_code == 200
            redis.config_set(REFUSALS[code], 0)
        wait_until(lambda: ready().status_code == 200, "it is ready again")
    finally:
        service.process.kill_group()


def test_groups(http: httpx.Client, engine: Client, worker: LifecycleWorker) -> None:
    engine.start("nobody:serves")
    wait_until(lambda: http.get("/groups").json()["oldest"], "the task waits")
    found = http.get("/groups").json()
    assert [group["name"] for group in found["groups"]] == ["ending"]
    assert found.keys() == {"groups", "bridges", "stream_length", "timers", "dead", "oldest"}
    assert found["stream_length"] >= 2


def test_the_audit_line_of_an_event(
    app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """Symptom: no `event=audit` found it. Cause: the id of the event took that field's place."""
    caplog.set_level(logging.INFO, "littleflow_redis.audit")
    sent = app().test_client().post("/events", json={"kind": "paid"}).json
    assert sent is not None
    (record,) = caplog.records
    assert record.message.startswith("event=audit ")
    assert f" kind=paid id={sent['event']} " in record.message


def test_metrics(http: httpx.Client, engine: Client) -> None:
    engine.terminate(engine.start("A"))
    answer = http.get("/metrics", headers={"Accept": "text/plain;version=0.0.4, */*;q=0.1"})
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["littleflow_workflows_started_total",] == 1
    assert samples["littleflow_workflows_ended_total", "TERMINATED"] == 1
    assert samples["littleflow_workflows", "TERMINATED"] == 1
