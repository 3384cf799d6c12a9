"""The sign of life of a process that holds attempts, apart from what it does for them.

In a pool of processes the main process only waits, so a thread of it beats. Where tasks run in the
main process itself, one that computes without letting go of the interpreter would stop a thread. So
a small process of its own beats there, and ends with its parent: its standard input is closed then.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from typing import Any, Protocol

import redis
from redis.exceptions import RedisError

from littleflow_redis.engine.store.keys import Keys
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

    def start(self) -> None: ...

    def stop(self) -> None: ...


def beat(client: redis.Redis, keys: Keys, process: str, lifetime: float = LIFETIME) -> None:
    """Say that a process is alive for ``lifetime`` seconds from now. Raises RedisError."""
    seconds, micros = client.time()
    until = seconds * 1000 + micros // 1000 + round(lifetime * 1000)
    client.zadd(keys.processes, {process: until})


class ThreadHeartbeat:
    """Beats in a thread of this process."""

    def __init__(
        self, client: redis.Redis, keys: Keys, process: str, lifetime: float = LIFETIME
    ) -> None:
        self._client = client
        self._keys = keys
        self._process = process
        self._lifetime = lifetime
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="littleflow-heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                beat(self._client, self._keys, self._process, self._lifetime)
            except RedisError as error:
                LOG.debug(kv("no-heartbeat", process=self._process, error=error))
            if self._ended.wait(self._lifetime / BEATS):
                return


class ProcessHeartbeat:
    """Beats in a process of its own, which has the interpreter to itself."""

    def __init__(
        self, url: str | None, keys: Keys, process: str, lifetime: float = LIFETIME
    ) -> None:
        self._about: dict[str, Any] = {
            "url": url,
            "namespace": keys.namespace,
            "process": process,
            "lifetime": lifetime,
        }
        self._child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", f"{__package__}.heartbeat_process"]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        if self._child.stdin is not None:
            # The URL may hold a password: never in an argument list.
            self._child.stdin.write(json.dumps(self._about) + "\n")
            self._child.stdin.flush()

    def stop(self) -> None:
        child, self._child = self._child, None
        if child is None or child.stdin is None:
            return
        try:
            child.stdin.close()
        except OSError as error:
            LOG.debug(kv("heartbeat-gone", error=error))
        try:
            child.wait(_END_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
