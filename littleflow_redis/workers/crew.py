"""Hands for work: a queue, and the threads that work it off, or none but the caller's own."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

#: Seconds of work that may be taken on ahead of a free hand, judged by what it took so far: many
#: short tasks at once, and never more than can be begun if they are long.
AHEAD = 0.05

#: Items taken on ahead at most, per hand.
MOST_AHEAD = 256


class Crew(Generic[T]):
    """Calls ``work`` for each item, for up to ``concurrency`` items at a time.

    With a concurrency of 1 ``add`` itself does the work: no item changes threads. ``work`` must
    not raise: whatever it does raise ends the thread. Nothing more is begun once ``stopped`` says
    so; ``wake`` makes those who wait ask.
    """

    def __init__(
        self, concurrency: int, work: Callable[[T], None], stopped: Callable[[], bool]
    ) -> None:
        self._concurrency = concurrency
        self._work = work
        self._stopped = stopped
        self._queue: deque[T] = deque()
        self._busy = 0
        #: Seconds that an item takes; the first is not known to be short.
        self._seconds = 1.0
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._drain, name=f"littleflow-task-{number}", daemon=True)
            for number in range(concurrency if concurrency > 1 else 0)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def room(self) -> int:
        """How many items may be added now: none while one waits or all hands are full."""
        free = self._concurrency - self._busy
        if self._queue or free <= 0:
            return 0
        ahead = min(MOST_AHEAD, AHEAD / max(self._seconds, 1e-6))
        return max(free, int(free * ahead))

    @property
    def waiting(self) -> bool:
        """Tell if items wait for a hand."""
        return bool(self._queue)

    @property
    def idle(self) -> bool:
        """Tell if there is nothing to do."""
        return not self._queue and not self._busy

    def add(self, items: Iterable[T]) -> None:
        """Take items on; with a concurrency of 1, work them off, or until ``close``."""
        with self._changed:
            self._queue.extend(items)
            self._changed.notify_all()
        if not self._threads:
            self._drain()

    def wait(self, seconds: float | None, until: Callable[[], object]) -> None:
        """Wait until ``until`` says so; it is looked at again after each item and ``wake``."""
        with self._changed:
            self._changed.wait_for(until, seconds)

    def wake(self) -> None:
        """Make everybody who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> list[T]:
        """Wait for what was begun; return what was not."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        return list(self._queue)

    def _drain(self) -> None:
        while (item := self._next()) is not None:
            started = time.monotonic()
            try:
                self._work(item)
            finally:
                with self._changed:
                    self._busy -= 1
                    # One slow item counts at once, and many short ones wear it off.
                    self._seconds = (self._seconds + time.monotonic() - started) / 2
                    self._changed.notify_all()

    def _next(self) -> T | None:
        """The next item; None when there will be none, or, without threads, when there is none."""
        with self._changed:
            if self._threads:
                self._changed.wait_for(lambda: self._queue or self._over)
            if self._over or not self._queue:
                return None
            self._busy += 1
            return self._queue.popleft()

    @property
    def _over(self) -> bool:
        return self._closed or self._stopped()
