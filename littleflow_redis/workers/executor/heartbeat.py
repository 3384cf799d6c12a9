"""The sign of life of a process that holds attempts, apart from what it does for them.

In a pool of processes the main process only waits, so a thread of it beats. Where tasks run in the
main process itself, one that computes without letting go of the interpreter would stop a thread. So
a small process of its own beats there, and ends with its parent: its standard input is closed then.
"""

from __future__ import annotations

import json
import logging
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from redis.exceptions import RedisError

from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.logs import kv

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds for which a process is taken for alive after each beat; then others take over what it
#: holds.
LIFETIME = 8.0

#: Beats in that time.
BEATS = 4

#: Seconds in which the beating process has to end.
_END_PATIENCE = 5.0


class Heartbeat(Protocol):
    """Beats from ``start`` to ``stop``."""

    def start(self) -> None:
        """Beat once, and go on from there. Raises RedisError."""

    def say(self, registration: Registration) -> None:
        """Beat at once, and say this from now on. Raises RedisError."""

    def check(self) -> None:
        """See to it that it still beats; to be called now and then."""

    def stop(self) -> None:
        """Beat no more."""


@dataclass(frozen=True, slots=True)
class Life:
    """The message of a heartbeat: ``process`` lives for ``lifetime`` seconds, and serves this."""

    process: str
    registration: Registration
    lifetime: float = LIFETIME

    def beat(self, held: HeldAttempts) -> None:
        """Say it. Raises RedisError."""
        held.beat(self.process, self.registration, self.lifetime)


class ThreadHeartbeat:
    """Beats in a thread of this process."""

    def __init__(self, held: HeldAttempts, life: Life) -> None:
        self._held = held
        self._life = life
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="littleflow-heartbeat", daemon=True)

    def start(self) -> None:
        self._life.beat(self._held)
        self._thread.start()

    def say(self, registration: Registration) -> None:
        self._life = replace(self._life, registration=registration)
        self._life.beat(self._held)

    def check(self) -> None:
        pass

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._life.lifetime / BEATS):
            try:
                self._life.beat(self._held)
            except RedisError as error:
                LOG.debug(kv("no-heartbeat", process=self._life.process, error=error))


class ProcessHeartbeat:
    """Beats in a process of its own, which has the interpreter to itself."""

    def __init__(self, held: HeldAttempts, life: Life, url: str | None, keys: Keys) -> None:
        self._held = held
        self._life = life
        self._about: dict[str, Any] = {
            "url": url,
            "namespace": keys.namespace,
            "process": life.process,
            "lifetime": life.lifetime,
        }
        self._child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._life.beat(self._held)
        if self._child is None or self._child.poll() is not None:
            self._child = self._spawned()
        # Before anything is held: the first task may keep this process from beating itself.
        while not self._beats(self._child):
            self._life.beat(self._held)

    def _spawned(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"{__package__}.heartbeat_process"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # The URL may hold a password: never in an argument list.
        _write(child, self._about)
        _write(child, self._life.registration.fields())
        return child

    def _beats(self, child: subprocess.Popen[str]) -> bool:
        """Whether it has said that it beats, or that it never will, within the time of a beat."""
        output = [child.stdout] if child.stdout is not None else []
        return not output or bool(select.select(output, [], [], self._life.lifetime / BEATS)[0])

    def say(self, registration: Registration) -> None:
        self._life = replace(self._life, registration=registration)
        self._life.beat(self._held)
        if self._child is not None:
            _write(self._child, registration.fields())

    def check(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            LOG.warning(kv("heartbeat-restarted", code=self._child.returncode))
            self.start()

    def stop(self) -> None:
        child, self._child = self._child, None
        if child is None or child.stdin is None:
            return
        try:
            if child.stdout is not None:
                child.stdout.close()
            child.stdin.close()
        except OSError as error:
            LOG.debug(kv("heartbeat-gone", error=error))
        try:
            child.wait(_END_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _write(child: subprocess.Popen[str], line: Mapping[str, Any]) -> None:
    if child.stdin is None:
        return
    try:
        child.stdin.write(json.dumps(line) + "\n")
        child.stdin.flush()
    except OSError as error:
        # It has ended; `check` starts another, which is given all.
        LOG.debug(kv("heartbeat-gone", error=error))
