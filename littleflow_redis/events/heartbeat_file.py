"""A file that is touched while a process works: what a container's health check looks at."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .connection import ConfigurationError

#: The variable that names the file. Without it none is kept.
VARIABLE = "LITTLEFLOW_HEALTH_FILE"

#: Seconds between two touches.
EVERY = 1.0

#: Seconds that one turn of a loop may take. A batch takes far less; a broker or a disk that does
#: not answer takes for ever.
LIMIT = 30.0


class HeartbeatFile:
    """Touches ``file`` as long as every loop of the process turns. Threads may share it."""

    def __init__(self, file: Path, limit: float = LIMIT) -> None:
        self._file = file
        self._limit = limit
        self._lock = threading.Lock()
        #: The threads that loop, and when each began its turn.
        self._turns: dict[threading.Thread, float] = {}
        self._touched = float("-inf")

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> HeartbeatFile | None:
        """The pulse that the environment asks for; what an earlier process left is removed.

        Raises ConfigurationError when there can be no such file.
        """
        name = environ.get(VARIABLE)
        if not name:
            return None
        file = Path(name)
        try:
            file.touch()
            file.unlink()
        except OSError as error:
            raise ConfigurationError(
                f"{VARIABLE} is {name!r}: {error.strerror}; name a file that can be written"
            ) from error
        return cls(file)

    def beat(self) -> None:
        """Called by a loop at the beginning of each turn."""
        now = time.monotonic()
        with self._lock:
            self._turns[threading.current_thread()] = now
            if now - self._touched >= EVERY and not self._is_late(now):
                self._touched = now
                # A file that cannot be touched is seen by the check, and is no reason to stop.
                with suppress(OSError):
                    self._file.touch()

    def rest(self) -> None:
        """Called by a loop that ends: its thread does something else now."""
        with self._lock:
            self._turns.pop(threading.current_thread(), None)

    def _is_late(self, now: float) -> bool:
        self._turns = {thread: at for thread, at in self._turns.items() if thread.is_alive()}
        return any(now - at > self._limit for at in self._turns.values())
