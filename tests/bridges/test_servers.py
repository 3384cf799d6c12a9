"""Broker, result backend and the engine's Redis: three servers, of every kind that people have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.events.connection import ConnectionSettings, connect
from tests.rabbit import RabbitServer
from tests.support import (
    RedisServer,
    Spawned,
    die_with_parent,
    free_port,
    server_binary,
    wait_until,
)
from tests.tls import tls_server
from tests.workers.scenes import lifecycle

from .conftest import APPS
from .serving import LONG, check_once

Serve = Callable[..., None]
Servers = Callable[..., RedisServer]


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers of one kind: what is tested here is how one gets there."""
    servers: list[RedisServer] = []

    def make(*options: str) -> RedisServer:
        servers.append(RedisServer("valkey", tmp_path_factory.mktemp("own"), *options))
        return servers[-1].start()

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def serve(spawn: Callable[..., Spawned]) -> Serve:
    """Start a bridge and a worker on these servers."""

    def start(engine: str, broker: str, results: str, app: str = "plain") -> None:
        environment = {
            "REDIS_URL": engine,
            "CELERY_BROKER_URL": broker,
            "CELERY_RESULT_BACKEND": results,
        }
        python = [sys.executable, "-m"]
        more = ["--pool", "solo", "--without-mingle", "--without-gossip", "-l", "info"]
        worker = spawn([*python, "celery", "-A", app, "worker", *more], env=environment, cwd=APPS)
        options = ["--category", "math", "--sweep", "1"]
        bridge = spawn(
            [*python, "littleflow_redis", "bridge", "-A", app, *options],
            env=environment,
            cwd=APPS,
        )
        worker.wait_for_output("ready.", LONG * 2)
        bridge.wait_for_output("event=ready", LONG * 2)

    return start


def work(engine: Client) -> None:
    """A workflow that needs all servers."""
    text = "{ math:add([2, 3]) math:add([4, 5]) } → math:add → math:mul"
    workflow = engine.start(text)
    assert engine.wait(workflow, timeout=LONG * 2) == 28
    check_once(engine, workflow)


def test_three_servers_by_unix_sockets(own_server: Servers, serve: Serve) -> None:
    paths = [own_server().socket_path for _ in range(3)]
    urls = [f"unix://{paths[0]}", *(f"redis+socket://{path}" for path in paths[1:])]
    serve(*urls)
    engine = Client(urls[0])
    with lifecycle(engine):
        work(engine)
    for path, has in zip(paths, (b"workflows:run", b"_kombu.binding.celery", b"meta"), strict=True):
        with redis.Redis(unix_socket_path=str(path)) as client:
            assert any(has in key for key in client.keys("*"))


def test_tls(tmp_path: Path, serve: Serve) -> None:
    with tls_server(tmp_path) as (address, trusted):
        trust = f"ssl_ca_certs={quote(str(trusted))}"
        celery = f"?ssl_cert_reqs=CERT_REQUIRED&{trust}"
        url = f"rediss://{address}/0?{trust}"
        serve(url, f"rediss://{address}/1{celery}", f"rediss://{address}/2{celery}")
        engine = Client(url)
        with lifecycle(engine):
            work(engine)
        engine.redis.connection_pool.disconnect()


def test_a_server_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (address, _):
        client = connect(ConnectionSettings(url=f"rediss://{address}/0"))
        with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
            client.ping()


@contextmanager
def sentinel(folder: Path, master: RedisServer) -> Iterator[int]:
    """A Sentinel that watches a master; its port."""
    port, configuration = free_port(), folder / "sentinel.conf"
    configuration.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
        f"sentinel monitor mymaster 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds mymaster 1000\n"
        "sentinel failover-timeout mymaster 5000\n"
    )
    process = subprocess.Popen(
        [str(server_binary("valkey")), str(configuration), "--sentinel"],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        yield port
    finally:
        process.kill()
        process.wait(timeout=LONG)


def test_sentinels_and_a_failover(own_server: Servers, serve: Serve, tmp_path: Path) -> None:
    master = own_server()
    replica = own_server("--replicaof", "127.0.0.1", str(master.port))
    with sentinel(tmp_path, master) as port:
        watcher = redis.Redis(port=port)

        def knows_both() -> bool:
            with suppress(RedisError):
                return len(watcher.sentinel_slaves("mymaster")) == 1
            return False

        wait_until(knows_both, "the Sentinel knows master and replica")
        url = f"redis+sentinel://127.0.0.1:{port}/mymaster/0"
        celery = f"sentinel://127.0.0.1:{port}"
        serve(url, f"{celery}/1", f"{celery}/2", app="guarded:app")
        engine = Client(url)
        with lifecycle(engine):
            work(engine)
        master.kill()

        def took_over() -> bool:
            # The Sentinel names the new master some time after it has made it one.
            with suppress(RedisError):
                return watcher.sentinel_master("mymaster")["port"] == replica.port
            return False

        wait_until(took_over, "the replica took over, and the Sentinel says so")
        engine = Client(url)
        with lifecycle(engine):
            work(engine)
        engine.redis.connection_pool.disconnect()
        watcher.close()


@pytest.mark.timeout(300)
def test_rabbitmq_as_the_broker(own_server: Servers, serve: Serve, tmp_path: Path) -> None:
    rabbit = RabbitServer(tmp_path)
    try:
        rabbit.start()
        engine, results = own_server(), own_server()
        serve(engine.url, rabbit.url, results.url)
        client = Client(engine.url)
        with lifecycle(client):
            work(client)
    finally:
        rabbit.kill()
