"""What every process shares: when to stop, and signals."""

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
    """Asks a process or a thread to end; every wait of ours also waits for it."""

    def __init__(self, pulse: HeartbeatFile | None = None) -> None:
        #: Who is told that loops turn.
        self.pulse = pulse
        self._event = threading.Event()
        self._lock = threading.Lock()
        #: Who else is to be woken, and the thread that does it, once it is time.
        self._wakers: dict[Callable[[], object], threading.Thread | None] = {}

    def is_set(self) -> bool:
        """Tell if it is time to end."""
        return self._event.is_set()

    def turns(self) -> Iterator[None]:
        """Make a loop: one item for each turn, until it is time to end."""
        try:
            while not self.is_set():
                if self.pulse is not None:
                    self.pulse.beat()
                yield
        finally:
            if self.pulse is not None:
                self.pulse.rest()

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep up to ``seconds``; return at once, with True, when it is time to end."""
        return self._event.wait(seconds)

    def set(self) -> None:
        """Ask to end, and return at once: what is to be woken is woken by threads of its own."""
        with self._lock:
            self._event.set()
            for callback, thread in self._wakers.items():
                if thread is None:
                    self._wakers[callback] = _in_thread(callback)

    def clear(self) -> None:
        """Take the request back, for a part that can be started again."""
        self._event.clear()

    @contextmanager
    def waking(self, callback: Callable[[], object]) -> Iterator[None]:
        """Within it, ``set`` also calls ``callback``: to wake who waits for something else."""
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
    """Tells when something that is done every few seconds is due, the first time at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        """Tell if it is due, and count from now if it is."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self.seconds
        return True

    def hasten(self, seconds: float) -> None:
        """Let it be due in ``seconds`` at the latest, this once."""
        self._next = min(self._next, time.monotonic() + seconds)


@contextmanager
def stop_on_signals(stop: Stop, log: logging.Logger) -> Iterator[None]:
    """Within it, SIGTERM and SIGINT set ``stop``; a second one ends the process at once.

    To be used in the main thread. A process that quits exits with 128 + signal, as a shell would.
    """
    # A handler runs between any two steps of the main thread, which may hold the very lock that
    # Event.set or logging needs. SimpleQueue is made for this; a thread does the rest.
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
            log.info(kv("stopping", signal=name, next="finish the work in hand; again: quit"))
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
