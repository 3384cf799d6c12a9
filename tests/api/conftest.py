"""The API as a process of its own on a real server, and as an application for single rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from flask import Flask

from littleflow_redis import Client
from littleflow_redis.api import Config, create_app
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG, RedisServer, ServerKind, Spawned, free_port, wait_until
from tests.workers.scenes import lifecycle

#: The token of ``s3_service``.
TOKEN = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Service:
    """``python -m littleflow_redis.service`` on a free port."""

    def __init__(self, server: RedisServer, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LITTLEFLOW_")}
        self.process = Spawned(
            [sys.executable, "-m", "littleflow_redis.service", f"127.0.0.1:{self.port}"],
            {**inherited, **server.environment, **variables},
            folder,
            folder / f"service-{self.port}.txt",
        )
        self.process.wait_for_output("event=serving")


@pytest.fixture(scope="session")
def service(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service as it is without any configuration but where Redis is."""
    service = Service(redis_server, tmp_path_factory.mktemp("service"), LITTLEFLOW_API_RATE="0")
    yield service
    service.process.kill_group()


@pytest.fixture
def http(service: Service, client: redis.Redis) -> Iterator[httpx.Client]:
    """A program on this machine that calls the service; the database is empty."""
    with httpx.Client(base_url=service.url, timeout=LONG) as http:
        yield http


@pytest.fixture
def engine(client: redis.Redis) -> Iterator[Client]:
    engine = Client(redis=client)
    yield engine
    # Its thread must not outlive the connections.
    engine.feed.close()


@pytest.fixture
def worker(engine: Client) -> Iterator[LifecycleWorker]:
    """A lifecycle worker beside the test."""
    with lifecycle(engine) as worker:
        yield worker


@pytest.fixture
def app(engine: Client, redis_server: RedisServer) -> Callable[..., Flask]:
    """``app(tokens=…)``: the application, configured."""

    def make(**given: Any) -> Flask:
        return create_app(Config(connection=redis_server.settings, **given), client=engine)

    return make


@pytest.fixture
def newest(server_kind: ServerKind) -> None:
    """For what takes long and is the same on every server."""
    if server_kind != "valkey":
        pytest.skip("it takes long, and is the same on every server")


def ended(http: httpx.Client, workflow: str) -> dict[str, Any]:
    """Wait until a workflow has ended; its state."""

    def look() -> dict[str, Any] | None:
        state: dict[str, Any] = http.get(f"/workflows/{workflow}/state").json()
        return state if state["state"] in ("FINISHED", "FAILED", "TERMINATED") else None

    found = wait_until(look, f"{workflow} ends")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """Variables that lead to an S3 server with a bucket ``archives``."""
    moto = pytest.importorskip("moto.server")
    store = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    url = f"http://127.0.0.1:{store.get_host_and_port()[1]}"
    httpx.put(f"{url}/archives").raise_for_status()
    yield {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": url,
    }
    store.stop()


@pytest.fixture(scope="session")
def s3_service(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory, s3: dict[str, str]
) -> Iterator[Service]:
    """The service beside that S3 server, with a token."""
    folder = tmp_path_factory.mktemp("service")
    given = {**s3, "LITTLEFLOW_API_TOKEN": TOKEN, "LITTLEFLOW_API_RATE": "0"}
    service = Service(redis_server, folder, **given)
    yield service
    service.process.kill_group()
