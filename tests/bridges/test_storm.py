"""Bridges and Celery workers are killed at random while workflows run, and the broker once.

In a few seconds here; as the promise has it, for a minute and with 500 workflows, by

    STORM_SECONDS=60 STORM_WORKFLOWS=500 python -m pytest -n 0 -s tests/bridges/test_storm.py
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.rabbit import RabbitServer, rabbit_script
from tests.support import RedisServer, Spawned, wait_until

from .conftest import APPS
from .serving import ends

SECONDS = float(os.environ.get("STORM_SECONDS", "10"))
WORKFLOWS = int(os.environ.get("STORM_WORKFLOWS", "40"))

#: Seconds between two kills at most.
PAUSE = 3.0

#: Seconds for all to come to its end after the storm: silence of the dead, timeouts, retries.
CALM = 60.0 + 2 * SECONDS

DONE = WorkflowState.FINISHED

Server = TypeVar("Server", RabbitServer, RedisServer)

#: Whatever gets lost is tried again; 200 tries are far more than a minute can use up.
OPTIONS = "{$bind: none, $timeout: 10, $queue-timeout: 5, $retry: {limit: 200, delay: 0.1}}"
TEXT = f"""
    @task mark = math:mark (- {OPTIONS} -);
    {{ mark mark }} → mark
"""


class Herd:
    """Two bridges and two workers; whoever is killed has a successor at once."""

    def __init__(self, spawn: Callable[..., Spawned], environment: dict[str, str]) -> None:
        self.kills: Counter[str] = Counter()
        worker = [sys.executable, "-m", "celery", "-A", "tracked:app", "worker"]
        worker += ["--without-mingle", "--without-gossip", "--concurrency", "2"]
        bridge = [sys.executable, "-m", "littleflow_redis", "bridge", "-A", "tracked:app"]
        bridge += ["--category", "math", "--sweep", "0.5"]
        self._commands = {
            "bridge": bridge,
            "other bridge": bridge,
            "prefork worker": [*worker, "-n", "prefork@%h", "--pool", "prefork"],
            "threads worker": [*worker, "-n", "threads@%h", "--pool", "threads"],
        }
        self._spawn = lambda command: spawn(command, env=environment, cwd=APPS)
        self._members = {name: self._spawn(command) for name, command in self._commands.items()}

    def kill_one(self, chance: random.Random) -> None:
        name = chance.choice(list(self._members))
        if chance.random() < 0.5:
            self._members[name].kill_group()
        else:
            # Children of a pool notice some time later that their parent is gone.
            self._members[name].signal(signal.SIGKILL)
            self._members[name].wait()
        self.kills[name] += 1
        self._members[name] = self._spawn(self._commands[name])

    @property
    def last_words(self) -> str:
        return "".join(f"\n{name}: {one.output[-1500:]}" for name, one in self._members.items())


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    file = tmp_path / "ledger"
    file.touch()
    return file


def broker_of(kind: str, folder: Path) -> RabbitServer | RedisServer:
    """A broker that keeps on disk what it has confirmed."""
    if kind == "rabbitmq":
        return RabbitServer(folder)
    return RedisServer("valkey", folder, "--appendonly", "yes", "--appendfsync", "always")


@contextmanager
def running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_whoever_is_killed_all_finish_and_each_end_is_applied_once(
    kind: str,
    spawn: Callable[..., Spawned],
    ledger: Path,
    tmp_path: Path,
) -> None:
    if kind == "rabbitmq":
        rabbit_script()
        if SECONDS < 30:
            pytest.skip("only in the full storm: STORM_SECONDS=60")
    for name in ("engine", "broker"):
        (tmp_path / name).mkdir()
    chance = random.Random()
    with (
        running(RedisServer("valkey", tmp_path / "engine")) as server,
        running(broker_of(kind, tmp_path / "broker")) as broker,
    ):
        engine = Client(server.url)
        environment = {
            **server.environment,
            "CELERY_BROKER_URL": broker.url,
            "CELERY_RESULT_BACKEND": f"redis://127.0.0.1:{server.port}/2",
            "LEDGER": str(ledger),
        }
        # Those who advance workflows are left alone here; other tests kill them.
        advancing = [sys.executable, "-m", "littleflow_redis", "worker"]
        spawn(advancing, env=environment).wait_for_output("event=ready", CALM)
        herd = Herd(spawn, environment)
        workflows, began, broker_down = [], time.monotonic(), False
        while (gone := time.monotonic() - began) < SECONDS:
            due = int(WORKFLOWS * min(gone / SECONDS + 0.1, 1))
            workflows += [engine.start(TEXT) for _ in range(due - len(workflows))]
            if gone > SECONDS / 2 and not broker_down:
                broker_down = True
                broker.kill()
                broker.start()
            time.sleep(chance.uniform(0.2, PAUSE))
            herd.kill_one(chance)
        workflows += [engine.start(TEXT) for _ in range(WORKFLOWS - len(workflows))]
        # Counted on the server: looking at each all the time would slow down what is waited for.
        done, deadline = f"{engine.keys.index}:{DONE}", time.monotonic() + CALM
        while engine.redis.zcard(done) < WORKFLOWS and time.monotonic() < deadline:
            time.sleep(0.1)
        left = [one for one in workflows if engine.views.state(one) is not DONE]
        if left:
            about = engine.state(left[0]).reasons, engine.waits(left[0])
            pytest.fail(f"{len(left)} have not finished, {left[0]}: {about}; {herd.last_words}")
        took = time.monotonic() - began
        check(engine, workflows, ledger)
        flights = engine.keys.publications + "math"
        wait_until(lambda: engine.redis.hlen(flights) == 0, "nothing is in flight", CALM)
        report(engine, workflows, herd, took)


def check(engine: Client, workflows: list[str], ledger: Path) -> None:
    """Each end was applied once, and each task ran at least once."""
    ran = Counter(ledger.read_text().split())
    for workflow in workflows:
        counted = ends(engine, workflow)
        assert set(counted.values()) == {1}, (workflow, counted)
        for index in counted:
            assert ran[f"{workflow}|{index}"] >= 1, (workflow, index)
        assert len(counted) == 3


def report(engine: Client, workflows: list[str], herd: Herd, took: float) -> None:
    whats = Counter(entry.what for one in workflows for entry in engine.trace(one))
    shown = {what: whats[what] for what in ("take", "end", "retry", "requeue", "late")}
    print(f"\n{len(workflows)} workflows in {took:.0f} s; kills: {dict(herd.kills)}; {shown}")
