"""The file that a working process touches, for a container's health check."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .connection import ConfigurationError

#: The environment variable that names the file. Without it there is none.
VARIABLE = "LITTLEFLOW_HEALTH_FILE"

#: Seconds between two touches.
EVERY = 1.0

#: Seconds that one iteration of a loop may take. A batch takes far less; a broker or a disk that
#: does not answer takes for ever.
LIMIT = 30.0


class HeartbeatFile:
    """Touches ``file`` while no loop of the process hangs. Threads may share it."""

    def __init__(self, file: Path, limit: float = LIMIT) -> None:
        self._file = file
        self._limit = limit
        self._lock = threading.Lock()
        #: The threads that loop, and when each began its iteration.
        self._turns: dict[threading.Thread, float] = {}
        self._touched = float("-inf")

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> HeartbeatFile | None:
        """Make the one that the environment names, if any; an old file is removed.

        Raises ConfigurationError if the file cannot be written.
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
        """Report that the calling thread's loop begins an iteration."""
        now = time.monotonic()
        with self._lock:
            self._turns[threading.current_thread()] = now
            if now - self._touched >= EVERY and not self._is_late(now):
                self._touched = now
                # The check notices a file that cannot be touched; it is no reason to stop.
                with suppress(OSError):
                    self._file.touch()

    def leave(self) -> None:
        """Report that the calling thread's loop has ended."""
        with self._lock:
            self._turns.pop(threading.current_thread(), None)

    def _is_late(self, now: float) -> bool:
        self._turns = {thread: at for thread, at in self._turns.items() if thread.is_alive()}
        return any(now - at > self._limit for at in self._turns.values())
