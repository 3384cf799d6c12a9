"""How often somebody may ask."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

#: Callers remembered; who was not seen for longest is forgotten first.
MOST_CALLERS = 10_000


class Rate:
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
