"""A backlog of large values does not take whoever was away for a while beyond its budget."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import redis

from littleflow_redis.bridges.ends.end_events import failure_fields
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask, encode_success, start_task
from littleflow_redis.events.entries import entries_of
from tests.support import RedisServer, Spawned, wait_until

from .conftest import APPS

#: A value, how many of them there are, and the bytes of a process's budget for one read.
LARGE, COUNT, BUDGET = "x" * 900_000, 100, 2_000_000

#: MB that a backlog may add: some copies of what one read brings. All of it together is 90.
MOST = 80

MODULE = [sys.executable, "-m", "littleflow_redis"]
WORKER = [*MODULE, "worker"]
BRIDGE = [*MODULE, "bridge", "-A", "heavy:app", "--category", "heavy", "--sweep", "0.5"]
LISTENER = [sys.executable, "heavy.py"]
CELERY = [
    *(sys.executable, "-m", "celery", "-A", "heavy:app", "worker", "--pool", "threads"),
    *("--concurrency", "2", "--without-mingle", "--without-gossip"),
]
INSIDE = [*CELERY, "-I", "littleflow_redis.steps"]


def most_memory(process: Spawned) -> int:
    """The MB that a process has needed at most. Linux only."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def large_end(task: StartTask) -> Mapping[str, str]:
    return encode_success(task, json.dumps(LARGE))


class Away:
    """Within it the processes stand still; ``check`` looks at the memory that they needed since."""

    def __init__(self, *processes: Spawned) -> None:
        self._before = {process: most_memory(process) for process in processes}

    def __enter__(self) -> Away:
        for process in self._before:
            process.signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._before:
            process.signal(signal.SIGCONT)

    def check(self) -> None:
        for process, before in self._before.items():
            assert most_memory(process) - before < MOST, (process.process.args, before)


class Scene:
    """An engine and its processes."""

    def __init__(
        self, client: redis.Redis, server: RedisServer, spawn: Callable[..., Spawned]
    ) -> None:
        self.engine = Client(redis=client)
        self.broker, self.results = (redis.Redis(server.host, server.port, db) for db in (1, 2))
        self._spawn = spawn
        url = f"redis://{server.host}:{server.port}"
        self._environment = {
            **server.environment,
            "CELERY_BROKER_URL": url + "/1",
            "CELERY_RESULT_BACKEND": url + "/2",
            "LITTLEFLOW_READ_BUDGET": str(BUDGET),
        }

    def start(self, command: list[str]) -> Spawned:
        return self._spawn(command, env=self._environment, cwd=APPS)

    def start_workflows(self, text: str, input: object = None) -> None:
        for _ in range(COUNT):
            self.engine.start(text, input)

    def finished(self, count: int) -> None:
        key = f"{self.engine.keys.index}:FINISHED"
        wait_until(lambda: self.engine.redis.zcard(key) >= count, f"{count} have finished")

    def attempts(self, count: int) -> None:
        key = self.engine.keys.open_attempts
        wait_until(lambda: self.engine.redis.hlen(key) == count, f"{count} attempts are open")

    def end_all(self, end: Callable[[StartTask], Mapping[str, str]]) -> None:
        """Report the ends of all open attempts, as a listener does."""
        redis, events = self.engine.redis, self.engine.keys.events
        for id in redis.hkeys(self.engine.keys.open_attempts):
            rows = redis.execute_command(b"XRANGE", events, id, id)
            (entry,) = entries_of(rows, {})
            redis.xadd(events, end(start_task(entry.id, entry.fields)))  # type: ignore[arg-type]

    def close(self) -> None:
        self.broker.close()
        self.results.close()


@pytest.fixture
def scene(
    client: redis.Redis, redis_server: RedisServer, spawn: Callable[..., Spawned]
) -> Iterator[Scene]:
    scene = Scene(client, redis_server, spawn)
    yield scene
    scene.close()


@pytest.mark.parametrize("command", [LISTENER, INSIDE], ids=["listener", "inside"])
def test_inputs(scene: Scene, command: list[str]) -> None:
    scene.start(WORKER)
    process = scene.start(command)
    scene.engine.start("heavy:measure", "x")
    scene.finished(1)
    with Away(process) as away:
        scene.start_workflows("heavy:measure", LARGE)
    scene.finished(1 + COUNT)
    away.check()


def test_ends(scene: Scene) -> None:
    worker = scene.start(WORKER)
    scene.engine.start("heavy:other")
    scene.end_all(large_end)
    scene.finished(1)
    scene.start_workflows("heavy:other")
    with Away(worker) as away:
        scene.end_all(large_end)
    scene.finished(1 + COUNT)
    away.check()


def test_inputs_of_retries(scene: Scene) -> None:
    worker = scene.start(WORKER)
    worker.wait_for_output("event=ready")
    scene.start_workflows("heavy:other(- $retry: {limit: 1, delay: 0.5} -)", LARGE)
    with Away(worker) as away:
        scene.end_all(lambda task: failure_fields(task, "not yet", final=False))
    scene.attempts(0)
    scene.attempts(COUNT)
    away.check()


def test_results(scene: Scene) -> None:
    """Those that a bridge has not heard of, and the ends that they mean."""
    worker, bridge = scene.start(WORKER), scene.start(BRIDGE)
    scene.engine.start("heavy:make", 1)
    celery = scene.start(CELERY)
    scene.finished(1)
    celery.kill_group()
    scene.start_workflows("heavy:make", len(LARGE))
    wait_until(lambda: scene.broker.llen("celery") == COUNT, "all are published")
    with Away(worker, bridge) as away:
        scene.start(CELERY)
        wait_until(lambda: scene.results.dbsize() > COUNT, "all have results")
    scene.finished(1 + COUNT)
    away.check()
