"""The processes of a chaotic run, as people start them; those that end are started again."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support import Spawned
from tests.workers.processes import processes

#: Seconds between two looks for processes that ended.
_LOOK = 0.2

_ROOT = Path(__file__).parents[2]

_PYTHON = (sys.executable, "-m")

#: Steps served by Celery and by rqse can lose an attempt without a trace (see guarantees.md): these
#: bring the next one. Both work on attempts that are closed, too: without a backoff a busy
#: machine would never catch up with what timed out.
DEFAULTS = (
    "--config", "tests/chaos/apps/worker.toml",
    "--default", "q:timeout=30",
    "--default", 'q:retry={"limit": 100, "delay": 1, "backoff": 2, "max-delay": 60}',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """What kind of process: its command, how many, and the words by which it says that it works."""

    name: str
    command: tuple[str, ...]
    count: int
    ready: str


def roles() -> list[Role]:
    """All kinds."""
    bridge = ("-A", "tests.chaos.apps.chaosapp", "--category", "c")
    lifecycle = [
        Role("lifecycle", (*_PYTHON, "littleflow_redis", "worker", *DEFAULTS), 2, "event=ready"),
        Role("bridge", (*_PYTHON, "littleflow_redis", "bridge", *bridge), 2, "event=ready"),
    ]
    celery = (
        *_PYTHON, "celery", "-A", "tests.chaos.apps.chaosapp", "worker", "--loglevel", "INFO",
        "--concurrency", "4", "--without-mingle", "--without-gossip",
    )  # fmt: skip
    return [
        *lifecycle,
        Role("receipts", (*_PYTHON, "littleflow_redis", "receipts"), 1, "event=ready"),
        Role("native", (*_PYTHON, "tests.chaos.apps.native"), 2, "event=ready"),
        Role("theirs", (*_PYTHON, "tests.chaos.apps.theirs"), 2, "established"),
        Role("celery", celery, 1, "ready."),
    ]


class Fleet:
    """Starts, kills, stops and keeps processes. Any thread may call it."""

    def __init__(
        self, roles: list[Role], environments: Mapping[str, Mapping[str, str]], folder: Path
    ) -> None:
        self.restarts = 0
        self._roles = {f"{role.name}-{n}": role for role in roles for n in range(role.count)}
        self._environments = environments
        self._folder = folder
        self._running: dict[str, Spawned] = {}
        self._held: set[str] = set()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._tender = threading.Thread(target=self._tend, name="fleet", daemon=True)

    def names(self, role: str = "") -> list[str]:
        """All members, or those of one role."""
        return [name for name, of in self._roles.items() if role in ("", of.name)]

    def start(self) -> None:
        for name in self._roles:
            self._start(name)
        for name, role in self._roles.items():
            self._running[name].wait_for_output(role.ready, 60)
        self._tender.start()

    def signal(self, name: str, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to a member, or to it with all that it started."""
        with self._lock, suppress(ProcessLookupError, KeyError):
            pid = self._running[name].pid
            (os.killpg if group else os.kill)(pid, number)

    def hold(self, name: str) -> None:
        """Kill a member with all that it started, and do not start it again."""
        with self._lock:
            self._held.add(name)
            self.signal(name, signal.SIGKILL, group=True)

    def let_go(self, name: str) -> None:
        self._held.discard(name)

    def children(self, name: str) -> list[int]:
        """The process ids of what a member started."""
        with self._lock:
            pid = self._running[name].pid
        return [process.pid for process in processes() if process.parent == pid]

    def stop(self) -> None:
        """Kill all; nothing is left."""
        self._over.set()
        if self._tender.is_alive():
            self._tender.join()
        for process in self._running.values():
            process.kill_group()

    def logs(self, lines: int = 15) -> str:
        """The last lines of each member."""
        parts = []
        for name in self._roles:
            tail = self._log(name).read_text(errors="replace").splitlines()[-lines:]
            parts.append("\n".join([f"--- {name}", *tail]))
        return "\n".join(parts)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _start(self, name: str) -> None:
        role = self._roles[name]
        old = self._log(name)
        if old.exists():
            with (self._folder / f"{name}.old.log").open("a") as kept:
                kept.write(old.read_text(errors="replace"))
        command = role.command
        if role.name == "celery":
            command += ("--hostname", f"{name}@%h")
        self._running[name] = Spawned(
            command, self._environments[role.name], _ROOT, self._log(name)
        )

    def _tend(self) -> None:
        while not self._over.wait(_LOOK):
            with self._lock:
                for name, process in list(self._running.items()):
                    if process.process.poll() is not None and name not in self._held:
                        # What a killed Celery worker has started must not go on.
                        process.kill_group()
                        self.restarts += 1
                        self._start(name)
