"""Limits on the rate of requests and on their number at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

#: Callers remembered; who was not seen for longest is forgotten first.
MOST_CALLERS = 10_000


class RateLimit:
    """A bucket for each caller: ``rate`` drops a second flow in, twice as many fit."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str) -> float:
        """Take a drop and return 0, or the seconds after which there will be one. 0 is no limit."""
        if not self._rate:
            return 0.0
        now, most = time.monotonic(), 2 * self._rate
        with self._lock:
            level, at = self._buckets.pop(who, (most, now))
            level = min(most, level + (now - at) * self._rate)
            short = level < 1
            self._buckets[who] = (level if short else level - 1, now)
            while len(self._buckets) > MOST_CALLERS:
                self._buckets.popitem(last=False)
        return (1 - level) / self._rate if short else 0.0


class Cap:
    """How many streams are open, and may be."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open = 0
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """Take a place; False if there is none."""
        with self._lock:
            if self.open >= self.most:
                return False
            self.open += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self.open -= 1
