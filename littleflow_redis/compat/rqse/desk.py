"""The work in hand of one listener: slots, threads, and what was read but not begun."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from littleflow_redis.events.event_codec import Event

#: Seconds of work that may be read ahead of a free slot, judged by what handlers took so far: one
#: read for many short events, and never more than a slot can begin if they are long.
READ_AHEAD = 0.05

#: Entries in one read at most: beyond, a read gets longer and hardly cheaper.
LARGEST_READ = 100

#: What one new measurement counts against all before it.
_WEIGHT = 0.2


class Item(NamedTuple):
    """An event that was read and waits for a slot; ``read_at`` is on the monotonic clock."""

    id: str
    event: Event
    read_at: float


class Desk:
    """Runs ``handle(id, event)`` for up to ``concurrency`` events at a time.

    With a concurrency of 1 the handler runs in the thread that calls ``start``.
    """

    def __init__(self, concurrency: int, handle: Callable[[str, Event], None]) -> None:
        self.waiting: deque[Item] = deque()
        self._concurrency = concurrency
        self._handle = handle
        self._running: set[str] = set()
        self._changed = threading.Condition()
        #: Seconds that one event takes; the first is not known to be short.
        self._seconds = 1.0
        self._threads = (
            ThreadPoolExecutor(concurrency, "littleflow-handler") if concurrency > 1 else None
        )

    @property
    def free(self) -> int:
        """How many events can be begun now."""
        return self._concurrency - len(self._running)

    @property
    def in_hand(self) -> set[str]:
        """The ids being worked on and those waiting for a slot."""
        with self._changed:
            return self._running | {item.id for item in self.waiting}

    def room(self) -> int:
        """How many entries may be read now: 0 without a free slot."""
        if self.waiting or not self.free:
            return 0
        ahead = int(self._concurrency * READ_AHEAD / max(self._seconds, 1e-6))
        return max(self.free, min(ahead, LARGEST_READ))

    def start(self, item: Item) -> None:
        """Begin an event; there must be a free slot."""
        with self._changed:
            self._running.add(item.id)
        if self._threads is None:
            self._work(item)
        else:
            self._threads.submit(self._work, item)

    def measured(self, seconds: float) -> None:
        """Note how long an event took, those that nobody wanted included."""
        self._seconds += _WEIGHT * (seconds - self._seconds)

    def wait_for_slot(self) -> None:
        """Wait until an event can be begun."""
        with self._changed:
            self._changed.wait_for(lambda: self.free)

    def close(self) -> None:
        """Wait until what was begun is done."""
        if self._threads is not None:
            self._threads.shutdown(wait=True)

    def _work(self, item: Item) -> None:
        started = time.monotonic()
        try:
            self._handle(item.id, item.event)
        finally:
            with self._changed:
                self._running.discard(item.id)
                self.measured(time.monotonic() - started)
                self._changed.notify_all()
