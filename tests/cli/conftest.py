"""The command line on a real server: in this process, and as processes of its own."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner, Result

from littleflow_redis import Client
from littleflow_redis.cli import cli
from tests.support import RedisServer, Spawned

#: Calls a command in this process.
Command = Callable[..., Result]

#: Starts a command as a process.
Process = Callable[..., Spawned]


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@pytest.fixture
def command(client: redis.Redis, redis_server: RedisServer) -> Iterator[Command]:
    """``command("run", file, input=…)``: the result, with ``stdout`` and ``stderr`` apart."""
    runner = CliRunner(env=redis_server.environment)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def invoke(*args: object, input: str | None = None) -> Result:
        return runner.invoke(cli, [str(arg) for arg in args], input=input)

    yield invoke
    # Every command sets logging up anew, on a stderr that is gone by now.
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def process(
    client: redis.Redis, redis_server: RedisServer, spawn: Callable[..., Spawned]
) -> Process:
    """``process("worker", env={…})``: ``python -m littleflow_redis worker``."""

    def start(*args: object, env: Mapping[str, str] | None = None) -> Spawned:
        words = [sys.executable, "-m", "littleflow_redis", *map(str, args)]
        return spawn(words, env={**redis_server.environment, **(env or {})})

    return start


@pytest.fixture
def flow(tmp_path: Path) -> Callable[..., Path]:
    """``flow("A → B")``: a file with this text."""

    def write(text: str, name: str = "example.flow") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
