"""A file that is touched while all loops of a process turn."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from littleflow_redis.events import heartbeat_file as module
from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.heartbeat_file import HeartbeatFile
from littleflow_redis.events.shutdown import Stop
from tests.support import wait_until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.0)


def turn(stop: Stop, pause: threading.Event | None = None) -> threading.Thread:
    """A loop in a thread of its own: quick turns, or one that takes until ``pause`` is set."""

    def loop() -> None:
        for _ in stop.turns():
            if pause is not None:
                pause.wait()
            stop.wait(0.01)

    thread = threading.Thread(target=loop)
    thread.start()
    return thread


def touched(file: Path) -> bool:
    """Whether the file is touched from now on."""
    file.unlink(missing_ok=True)
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline and not file.exists():
        time.sleep(0.01)
    return file.exists()


def test_one_loop_that_hangs_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "health"
    stop, hangs = Stop(HeartbeatFile(file, limit=0.2)), threading.Event()
    quick = turn(stop)
    wait_until(lambda: touched(file), "it is touched")
    slow = turn(stop, hangs)
    wait_until(lambda: not touched(file), "it is touched no more")
    hangs.set()
    wait_until(lambda: touched(file), "it goes on")
    stop.set()
    quick.join()
    slow.join()


def test_a_loop_that_ended_is_not_missed(tmp_path: Path) -> None:
    """Such as the one that waits for Redis, before the loops of the work begin."""
    file = tmp_path / "health"
    pulse = HeartbeatFile(file, limit=0.2)
    for _ in Stop(pulse).turns():
        break
    dead = threading.Thread(target=pulse.beat)
    dead.start()
    dead.join()
    stop = Stop(pulse)
    thread = turn(stop)
    wait_until(lambda: time.monotonic() - max(pulse._turns.values()) < 0.1, "it turns")
    time.sleep(0.3)
    wait_until(lambda: touched(file), "it is touched all the same")
    stop.set()
    thread.join()
    assert not pulse._turns


def test_what_an_earlier_process_left_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "health"
    file.touch()
    assert HeartbeatFile.of({"LITTLEFLOW_HEALTH_FILE": str(file)}) is not None
    assert not file.exists()
    assert HeartbeatFile.of({"LITTLEFLOW_HEALTH_FILE": ""}) is None
    with pytest.raises(ConfigurationError, match=r"No such file or directory; name a file"):
        HeartbeatFile.of({"LITTLEFLOW_HEALTH_FILE": str(tmp_path / "nowhere" / "health")})
