"""A Celery worker that serves steps dies at any of its Redis calls, or loses its reply.

The workers are real, forked from a process that has imported all they need: see ``warm``. A few
of all calls and faults are drawn each time; CRASHES=100 in the environment draws so many, a number
that is large enough takes all.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.workers.executor.roles import ROLES
from tests.faults import Fault
from tests.support import RedisServer, die_with_parent, wait_until

#: A join, a step that is handed back, and one that goes through the broker twice. The broker may
#: lose that one with the worker which has just taken it.
FLOW = """
    inside:mark(- {$bind: whole, seconds: 0} -)
      → { inside:again inside:persist(- {$timeout: 2, $retry: {limit: 50, delay: 0}} -) }
      → inside:nothing
"""

#: How many of all calls and faults are drawn for each pool.
DRAWN = int(os.environ.get("CRASHES", "6"))

ROOT = Path(__file__).parents[3]


class Worker:
    """One that runs, or has run; its files are in ``folder``."""

    def __init__(self, pid: int, warm: Warm, folder: Path) -> None:
        self.pid = pid
        self._warm = warm
        self._folder = folder
        self._ended = False

    @property
    def ended(self) -> bool:
        self._ended = self._ended or self._warm.answers()
        return self._ended

    @property
    def calls(self) -> int:
        return int((self._folder / "calls").read_text())

    @property
    def output(self) -> str:
        return (self._folder / "output").read_text()

    def stop(self) -> None:
        if not self.ended:
            os.kill(self.pid, signal.SIGTERM)
        wait_until(lambda: self.ended, f"it ends: {self.output[-3000:]}")
        self.kill()

    def kill(self) -> None:
        """Kill what it may have left."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Warm:
    """Forks workers of one pool, one after the other."""

    def __init__(self, pool: str, environment: dict[str, str], folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bridges.worker.warm", pool],
            env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )  # fmt: skip

    def fork(self, at: int = -1, fault: Fault | None = None) -> Worker:
        """A worker that fails so at that call."""
        self._made += 1
        folder = self._folder / f"worker-{self._made}"
        folder.mkdir()
        (folder / "calls").write_text("0")
        about = {
            "output": str(folder / "output"),
            "calls": str(folder / "calls"),
            "ledger": str(self._folder / "lines"),
            "at": at,
            "fault": fault.name if fault else None,
        }
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(about).encode() + b"\n")
        process.stdin.flush()
        return Worker(int(process.stdout.readline()), self, folder)

    def answers(self) -> bool:
        """Whether the worker that was forked last has ended; the answer is taken away."""
        output = self._process.stdout
        assert output is not None
        ready, _, _ = select.select([output], [], [], 0)
        return bool(ready and output.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def warm(
    request: pytest.FixtureRequest, client: object, redis_server: RedisServer, tmp_path: Path
) -> Iterator[Warm]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("REDIS_", "CELERY_"))}
    environment = {
        **inherited,
        **redis_server.environment,
        "CELERY_BROKER_URL": f"redis://{redis_server.host}:{redis_server.port}/1",
        "LIFETIME": "1",
        "LEDGER": "set for each",
    }
    warm = Warm(request.param, environment, tmp_path)
    yield warm
    warm.close()


class Scenario:
    """One workflow, a worker that fails, and if need be another that goes on."""

    def __init__(self, engine: Client, warm: Warm, ledger: Path) -> None:
        self._engine = engine
        self._warm = warm
        self._ledger = ledger

    def __call__(self, at: int = -1, fault: Fault | None = None) -> int:
        """Return how many calls the first worker made."""
        engine = self._engine
        engine.redis.flushall()
        self._ledger.write_text("")
        self._ledger.with_name("seen-5").unlink(missing_ok=True)
        id = engine.start(FLOW, 5)
        first = self._warm.fork(at, fault)
        try:
            wait_until(lambda: first.ended or engine.views.state(id).ended, "it dies or serves")
            first.stop()
            if not self._at_rest(id):
                self._let_time_pass()
                second = self._warm.fork()
                wait_until(lambda: self._at_rest(id, served=True), "another goes on")
                second.stop()
            assert self._at_rest(id)
            self._check(id)
        except BaseException:
            print(f"call {at}, {fault}: {first.output}")
            raise
        return first.calls

    def _at_rest(self, id: str, *, served: bool = False) -> bool:
        """Nothing is left; ``served``: but a worker that lives."""
        redis, keys = self._engine.redis, self._engine.keys
        groups: Any = redis.xinfo_groups(keys.events)
        held = HeldAttempts(self._engine.context)
        return (
            self._engine.views.state(id).ended
            and not redis.hlen(keys.publications + "inside")
            and not redis.hlen(keys.open_attempts)
            and not redis.zcard(keys.timers)
            and not any(group["pending"] for group in groups)
            and (held.registered() <= held.alive() if served else not held.registered())
        )

    def _let_time_pass(self) -> None:
        """What time does to the dead: heartbeats, leases and claims run out."""
        redis, keys = self._engine.redis, self._engine.keys
        for process in HeldAttempts(self._engine.context).registered():
            redis.zadd(keys.processes, {process: 0}, xx=True)
        redis.delete(*(keys.role + name for name in ROLES))
        groups: Any = redis.xinfo_groups(keys.events)
        for group in groups:
            rows: Any = redis.xpending_range(keys.events, group["name"], "-", "+", 100)
            for row in rows:
                redis.xclaim(
                    keys.events, group["name"], row["consumer"], 0, [row["message_id"]],
                    idle=60_000, justid=True,
                )  # fmt: skip

    def _check(self, id: str) -> None:
        view = self._engine.state(id)
        assert view.state is WorkflowState.FINISHED, view.reasons
        assert {step.activations for step in view.steps} == {1}
        ends = Counter(e.field for e in self._engine.trace(id) if e.what == "end")
        assert set(ends.values()) == {1}, ends
        assert "5" in self._ledger.read_text().split()


@pytest.mark.timeout(max(300, 60 * DRAWN))
@pytest.mark.parametrize("warm", ["solo", "threads", "prefork"], indirect=True)
def test_a_worker_may_fail_at_any_call(engine: Client, warm: Warm, ledger: Path) -> None:
    scenario = Scenario(engine, warm, ledger)
    calls = scenario()
    assert calls > 50
    faults = (Fault.DIE_BEFORE, Fault.DIE_AFTER, Fault.LOSE_REPLY)
    plans = [(at, fault) for at in range(calls) for fault in faults]
    for at, fault in random.sample(plans, min(DRAWN, len(plans))):
        scenario(at, fault)
