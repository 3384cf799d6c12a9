"""Shutdown of a process: the request to stop, and the signals that set it."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType

from .heartbeat_file import HeartbeatFile
from .logs import kv

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """A request to a process or a thread to end; it also ends every wait."""

    def __init__(self, pulse: HeartbeatFile | None = None) -> None:
        #: Gets a beat at each iteration of a loop.
        self.pulse = pulse
        self._event = threading.Event()
        self._lock = threading.Lock()
        #: Callbacks that wake other waits, and the thread of each once it has been started.
        self._wakers: dict[Callable[[], object], threading.Thread | None] = {}

    def is_set(self) -> bool:
        """Return whether the end was requested."""
        return self._event.is_set()

    def turns(self) -> Iterator[None]:
        """Drive a loop: yield once for each iteration, until the end is requested."""
        try:
            while not self.is_set():
                if self.pulse is not None:
                    self.pulse.beat()
                yield
        finally:
            if self.pulse is not None:
                self.pulse.leave()

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep up to ``seconds``; return True at once when the end is requested."""
        return self._event.wait(seconds)

    def set(self) -> None:
        """Request the end and return at once; threads of their own run the callbacks."""
        with self._lock:
            self._event.set()
            for callback, thread in self._wakers.items():
                if thread is None:
                    self._wakers[callback] = _in_thread(callback)

    def clear(self) -> None:
        """Withdraw the request, for a part that can be started again."""
        self._event.clear()

    @contextmanager
    def waking(self, callback: Callable[[], object]) -> Iterator[None]:
        """Inside the block, ``set`` also calls ``callback``, which wakes another kind of wait."""
        with self._lock:
            self._wakers[callback] = _in_thread(callback) if self._event.is_set() else None
        try:
            yield
        finally:
            with self._lock:
                thread = self._wakers.pop(callback)
            if thread is not None:
                thread.join()


class Pace:
    """A timer for work done every ``seconds``; the first time is due at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        """Return whether the work is due; if so, count from now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self.seconds
        return True

    def hasten(self, seconds: float) -> None:
        """Make the next time due in ``seconds`` at the latest."""
        self._next = min(self._next, time.monotonic() + seconds)


@contextmanager
def stop_on_signals(stop: Stop, log: logging.Logger) -> Iterator[None]:
    """Inside the block, SIGTERM and SIGINT set ``stop``; a second one ends the process at once.

    For the main thread only. A process that quits exits with 128 + signal, as a shell would.
    """
    # A handler interrupts the main thread anywhere, perhaps while it holds the lock that Event.set
    # or logging needs. SimpleQueue is safe in a handler; a thread does the rest.
    received: SimpleQueue[int | None] = SimpleQueue()
    seen: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            os.write(2, b"event=quit reason=second-signal\n")
            os._exit(128 + number)
        received.put(number)

    def pass_on() -> None:
        number = received.get()
        if number is not None:
            name = signal.Signals(number).name
            log.info(
                kv("stopping", signal=name, next="finish the work that has begun; again: quit")
            )
            stop.set()

    thread = _in_thread(pass_on)
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        received.put(None)
        thread.join()


def _in_thread(target: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=target, name="littleflow-stop", daemon=True)
    thread.start()
    return thread
