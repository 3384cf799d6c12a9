"""``python -m littleflow_redis.service`` as a process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from littleflow_redis.api import Config
from littleflow_redis.events.connection import ConfigurationError
from tests.api.conftest import Service
from tests.support import LONG, RedisServer, Spawned, free_port


def test_it_tells_its_versions(http: httpx.Client) -> None:
    assert http.get("/").json().keys() == {"littleflow", "littleflow_redis"}
    assert http.get("/me").json() == {"name": "local", "access": "full", "authenticated": False}


def test_it_warns_that_there_is_no_token(service: Service) -> None:
    assert "event=no-token" in service.process.output
    assert "set LITTLEFLOW_API_TOKEN" in service.process.output


def test_a_signal_ends_it(redis_server: RedisServer, tmp_path: Path) -> None:
    other = Service(redis_server, tmp_path)
    other.process.signal(signal.SIGTERM)
    assert other.process.wait() == 0
    assert "event=stopped signal=SIGTERM" in other.process.output


def test_it_starts_before_redis(
    own_server: Callable[..., RedisServer], tmp_path: Path, service: Service
) -> None:
    server = own_server(start=False)
    other = Service(server, tmp_path)
    try:
        away = httpx.get(f"{other.url}/workflows/", timeout=LONG)
        assert (away.status_code, away.json()["error"]) == (503, "redis-unavailable")
        assert int(away.headers["Retry-After"]) > 0
        server.start()
        assert httpx.get(f"{other.url}/workflows/", timeout=LONG).json() == []
    finally:
        other.process.kill_group()


def test_service_config_names_a_class(
    redis_server: RedisServer, spawn: Callable[..., Spawned], tmp_path: Path
) -> None:
    text = f"""
class Production:
    REDIS_SERVICE = "127.0.0.1:{redis_server.port}"
    WORKFLOWS_KEY = "mine:all"
    LITTLEFLOW_API_TOKEN = ["console:read:0123456789abcdef"]
"""
    (tmp_path / "settings.py").write_text(text)
    port = free_port()
    process = spawn(
        [sys.executable, "-m", "littleflow_redis.service", f":{port}"],
        env={"SERVICE_CONFIG": "settings.Production"},
    )
    process.wait_for_output("event=serving")
    url = f"http://127.0.0.1:{port}/me"
    assert httpx.get(url, timeout=LONG).status_code == 401
    me = httpx.get(url, headers={"Authorization": "Bearer 0123456789abcdef"}, timeout=LONG).json()
    assert me == {"name": "console", "access": "read", "authenticated": True}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SERVICE_CONFIG": "nowhere.Class"}, "set it to module.Class"),
        ({"REDIS_SERVICE": "host:port"}, "host:port such as redis.local:6379"),
        ({"REDIS_SERVICE": "redis://:pw@host:6379"}, "REDIS_SERVICE is no name or address"),
        ({"REDIS_URL": "redis://:hun#ter2@host"}, "percent-encode"),
        ({"LITTLEFLOW_API_TOKEN": "short"}, "has 16 characters or more"),
        ({"LITTLEFLOW_API_TOKEN": "a:b:c:0123456789abcdef"}, "write a token, name:token"),
        ({"LITTLEFLOW_API_RATE": "fast"}, "set it to a number"),
    ],
)
def test_a_wrong_setting_says_what_to_set(variables: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        Config.read(variables)
    assert "0123456789abcdef" not in str(caught.value)


def test_a_wrong_setting_ends_it(spawn: Callable[..., Spawned]) -> None:
    process = spawn(
        [sys.executable, "-m", "littleflow_redis.service", ":0"],
        env={"LITTLEFLOW_API_TOKEN": "short"},
    )
    assert process.wait() == 1
    assert process.output.startswith("Error: entry 1 of LITTLEFLOW_API_TOKEN")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("localhost:http", "write it as HOST, HOST:PORT"),
        (f"localhost:{'9' * 5_000}", "write it as HOST, HOST:PORT"),
        # What waitress says of a host without an address was a traceback.
        ("nosuch.invalid:5000", "cannot listen on nosuch.invalid:5000"),
    ],
)
def test_what_is_no_address(spawn: Callable[..., Spawned], address: str, said: str) -> None:
    process = spawn([sys.executable, "-m", "littleflow_redis.service", address])
    assert process.wait() == 1
    assert process.output.startswith("Error: ")
    assert said in process.output
