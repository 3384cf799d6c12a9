"""Fixtures for all tests: a real server per test process, clients, and child processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import hypothesis
import pytest
import redis

from tests.support import RedisServer, ServerKind, Spawned

#: What REDIS_* the developer has set is nothing to the tests.
_FOREIGN = ("REDIS_", "LOG_LEVEL", "LITTLEFLOW_", "SERVICE_CONFIG")


#: Folders whose tests `--server both` runs on the oldest server too: their code sends scripts and
#: commands of its own. What stands on it, such as the API, does not know one server from another.
_ON_BOTH = {"engine", "events", "workers"}

#: Those tests of bridges that do, because they send commands that only bridges send.
_OF_BRIDGES = {"test_bridge.py", "test_permissions.py", "test_revoke.py", "test_sweep.py"}

#: Tests of every fault at every call take minutes, and no server has calls of its own.
_FAULTS = "at_any_call"


#: How long an example takes says how busy the machine is.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--server",
        choices=("valkey", "redis6", "both"),
        default=os.environ.get("TEST_SERVER", "valkey"),
        help="the server that tests run on (default: TEST_SERVER, else valkey)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "no_keys_left: the test fails if it leaves a key behind in its database"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server_kind" in metafunc.fixturenames:
        choice = metafunc.config.getoption("--server")
        path = metafunc.definition.path
        both = path.parent.name in _ON_BOTH or path.name in _OF_BRIDGES
        both = both and _FAULTS not in metafunc.definition.name
        kinds = ["valkey", "redis6"] if both else ["valkey"]
        kinds = kinds if choice == "both" else [choice]
        metafunc.parametrize("server_kind", kinds, scope="session")


#: Threads of ours that work on a server by themselves: in the next test it is another's.
_WORKING = {"littleflow-heartbeat", "littleflow-ends", "littleflow-reader"}


@pytest.fixture(autouse=True)
def _nobody_works_on() -> Iterator[None]:
    """Fail a test that leaves a listener or an executor at work."""
    before = {*threading.enumerate()}
    yield
    left = [one.name for one in {*threading.enumerate()} - before if one.name in _WORKING]
    assert not left, f"stop the listener: {left} work on"


@pytest.fixture(scope="session")
def _shared_servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[ServerKind], RedisServer]]:
    """One server per kind and test process, kept while parametrised fixtures come and go."""
    servers: dict[ServerKind, RedisServer] = {}

    def get(kind: ServerKind) -> RedisServer:
        if kind not in servers:
            servers[kind] = RedisServer(kind, tmp_path_factory.mktemp(kind)).start()
        return servers[kind]

    yield get
    for server in servers.values():
        server.kill()


@pytest.fixture(scope="session")
def redis_server(
    server_kind: ServerKind, _shared_servers: Callable[[ServerKind], RedisServer]
) -> RedisServer:
    """The server of this test process: not to be stopped, see ``own_server``."""
    return _shared_servers(server_kind)


@pytest.fixture
def client(request: pytest.FixtureRequest, redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A client of ``redis_server``, whose database is empty at the start of the test."""
    with redis_server.client() as client:
        client.flushall()
        yield client
        if request.node.get_closest_marker("no_keys_left"):
            left = sorted(key.decode() for key in cast("list[bytes]", client.keys("*")))
            assert not left, f"keys left behind: {left}"


@pytest.fixture
def own_server(
    server_kind: ServerKind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., RedisServer]]:
    """Call it with server options for a server that the test may stop, kill and start again."""
    servers: list[RedisServer] = []

    def make(*options: str, start: bool = True) -> RedisServer:
        server = RedisServer(server_kind, tmp_path_factory.mktemp("own"), *options)
        servers.append(server)
        return server.start() if start else server

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., Spawned]]:
    """Start processes; all that they started in their session is killed when the test is over.

    ``spawn(command, env={…}, cwd=…)``: ``env`` is added to the environment, without what it says
    of Redis.
    """
    started: list[Spawned] = []

    def start(
        command: list[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Spawned:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        output = tmp_path / f"output-{len(started)}.txt"
        started.append(Spawned(command, {**inherited, **(env or {})}, cwd or tmp_path, output))
        return started[-1]

    yield start
    for process in started:
        process.kill_group()
