"""Wakes a thread that waits, also out of the handler of a signal."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue


class WakeUp:
    """Like ``threading.Event``, whose ``set`` a handler must not call.

    A handler interrupts its thread anywhere, perhaps while that holds the lock of the very event. A
    Celery worker that is stopped cold hears of the last results in a handler.
    """

    def __init__(self) -> None:
        self._set: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """End a wait, the next one if there is none."""
        if self._set.empty():
            self._set.put(None)

    def clear(self) -> None:
        """Forget what was set."""
        with suppress(Empty):
            while True:
                self._set.get_nowait()

    def wait(self, seconds: float) -> None:
        """Wait until it is set, ``seconds`` at most."""
        with suppress(Empty):
            self._set.get(timeout=max(0.0, seconds))
