"""The processes of a chaotic run, as people start them; those that end are started again."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.support import Spawned
from tests.workers.processes import processes

from .roles import Role

#: Seconds between two looks for processes that ended.
_LOOK = 0.2

_ROOT = Path(__file__).parents[2]


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

    def names(self, kind: str = "") -> list[str]:
        """All members, or those of one kind or role."""
        return [name for name, of in self._roles.items() if kind in ("", of.name, of.kind)]

    @property
    def kinds(self) -> list[str]:
        """All kinds of members."""
        return sorted({role.kind or role.name for role in self._roles.values()})

    @property
    def pids(self) -> set[int]:
        """The process ids of all members, without what they started."""
        with self._lock:
            return {process.pid for process in self._running.values()}

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

    def children(self, name: str, word: str = "") -> list[int]:
        """The process ids of what a member started, with this word in the command."""
        with self._lock:
            pid = self._running[name].pid
        return [p.pid for p in processes() if p.parent == pid and word in p.command]

    def orphan(self, name: str) -> int:
        """Kill a member alone, and do not start it again; return the group of what is left."""
        with self._lock:
            self._held.add(name)
            self.signal(name, signal.SIGKILL)
            return self._running[name].pid

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
        if role.hosted:
            # The queue of its own is for what only this one shall do.
            command += ("--hostname", f"{name}@%h", "--queues", f"celery,{name}")
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
