"""What a console needs, as processes: Redis, workers, the API and the console's own service."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import redis

from littleflow_redis import Client
from tests.support import RedisServer, Spawned, free_port

TASKS = Path(__file__).with_name("tasks.py")

FULL = "full-token-of-the-tests"
READ = "read-token-of-the-tests"


class Stage:
    """Processes on free ports; the API can be taken away and given back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = RedisServer("valkey", folder).start()
        self.redis = redis.Redis(host=self.server.host, port=self.server.port)
        self.client = Client(redis=self.redis)
        self.api_port, self.port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.archives = folder / "archives"
        self.archives.mkdir()
        littleflow = ["-m", "littleflow_redis"]
        self.processes = [
            self._run("worker", [*littleflow, "worker"]),
            self._run("receipts", [*littleflow, "receipts"]),
            self._run("tasks", [str(TASKS)], PYTHONPATH=str(Path.cwd())),
            self._run(
                "console",
                ["-m", "littleflow_redis.console", f"127.0.0.1:{self.port}"],
                LITTLEFLOW_CONSOLE_API=f"http://127.0.0.1:{self.api_port}/",
            ),
        ]
        self.processes[-1].wait_for_output("event=ready")
        self.api: Spawned | None = None
        self.start_api()

    def start_api(self) -> None:
        self.api = self._run(
            "api",
            ["-m", "littleflow_redis.service", f"127.0.0.1:{self.api_port}"],
            LITTLEFLOW_API_TOKEN=f"tester:full:{FULL},reader:read:{READ}",
            LITTLEFLOW_API_ORIGINS=self.url.rstrip("/"),
            LITTLEFLOW_API_RATE="0",
            LITTLEFLOW_API_ARCHIVES=self.archives.as_uri(),
        )
        self.api.wait_for_output("event=serving")

    def stop_api(self) -> None:
        if self.api is not None:
            self.api.kill_group()
            self.api = None

    def reset(self) -> None:
        """Let go what is held; forget what tests have decided and all workflows."""
        self.redis.set("test:go", "1")
        for summary in self.client.list(size=5000):
            if not summary.state.ended:
                self.client.terminate(summary.id)
                self.client.terminate(summary.id)
            self.client.delete(summary.id)
        self.redis.delete("test:go", "test:mended", "workflows:dead")

    def close(self) -> None:
        self.stop_api()
        for process in self.processes:
            process.kill_group()
        self.redis.close()
        self.server.kill()

    def _run(self, name: str, arguments: list[str], **variables: str) -> Spawned:
        return Spawned(
            [sys.executable, *arguments],
            {**_inherited(), **self.server.environment, **variables},
            self.folder,
            self.folder / f"{name}.txt",
        )


def _inherited() -> Mapping[str, str]:
    foreign = ("LITTLEFLOW_", "REDIS_", "SERVICE_CONFIG", "LOG_LEVEL")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
