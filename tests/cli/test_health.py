"""`health` beside the processes it is about, as a container's probe runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import RedisServer, Spawned, wait_until

LITTLEFLOW = [sys.executable, "-m", "littleflow_redis"]


class Container:
    """A process, and a probe with the same environment."""

    def __init__(self, server: RedisServer, folder: Path) -> None:
        self.environment = {
            **server.environment,
            "LITTLEFLOW_HEALTH_FILE": str(folder / "health"),
            "PYTHONPATH": str(Path(__file__).parents[1] / "apps"),
        }

    def probe(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*LITTLEFLOW, "health", *options],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def healthy(self, *options: str) -> bool:
        return self.probe(*options).returncode == 0


@pytest.mark.parametrize("name", ["receipts", "bridge"])
def test_a_process_at_work_is_healthy_and_a_stopped_one_is_not(
    own_server: Callable[..., RedisServer],
    spawn: Callable[..., Spawned],
    tmp_path: Path,
    name: str,
) -> None:
    server = own_server()
    container = Container(server, tmp_path)
    before = container.probe()
    assert before.returncode == 1
    assert "not at work yet" in before.stderr

    app = ("-A", "plain") if name == "bridge" else ()
    broker = {"CELERY_BROKER_URL": server.url, "CELERY_RESULT_BACKEND": server.url}
    process = spawn([*LITTLEFLOW, name, *app], env={**container.environment, **broker})
    process.wait_for_output("event=ready")
    wait_until(container.healthy, "it is healthy")

    process.signal(signal.SIGSTOP)
    wait_until(lambda: not container.healthy("--live", "--max-age", "2"), "it hangs")
    process.signal(signal.SIGCONT)
    wait_until(lambda: container.healthy("--max-age", "2"), "it is healthy again")


def test_an_outage_of_redis_is_no_reason_to_start_a_worker_anew(
    own_server: Callable[..., RedisServer], spawn: Callable[..., Spawned], tmp_path: Path
) -> None:
    server = own_server()
    container = Container(server, tmp_path)
    process = spawn([*LITTLEFLOW, "worker"], env=container.environment)
    process.wait_for_output("event=ready")
    server.kill()
    process.wait_for_output("event=redis-waiting")
    file = Path(container.environment["LITTLEFLOW_HEALTH_FILE"])
    file.unlink()
    wait_until(file.exists, "the worker waits for Redis, and says so")
    assert container.healthy("--live")
    probe = container.probe()
    assert probe.returncode == 1
    assert "cannot be reached" in probe.stderr
    server.start()
    wait_until(container.healthy, "it is healthy again")


def test_a_file_that_cannot_be_written_is_told_at_once(
    own_server: Callable[..., RedisServer], spawn: Callable[..., Spawned], tmp_path: Path
) -> None:
    container = Container(own_server(), tmp_path / "nowhere")
    process = spawn([*LITTLEFLOW, "worker"], env=container.environment)
    assert process.wait() == 1
    assert "LITTLEFLOW_HEALTH_FILE" in process.output
    assert "Traceback" not in process.output
