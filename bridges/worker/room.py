"""How many steps a worker takes from the stream, beside what its broker gives it."""

from __future__ import annotations

from typing import Any

from celery.worker import state

#: Stands for a prefetch multiplier of 0, which means "as many as there are".
UNLIMITED = 4

#: Seconds of work that may be taken on ahead of a free slot, judged by what tasks took so far: more
#: for many short ones, and none that could not be begun for long.
AHEAD = 0.05

#: What one new measurement counts against all before it.
_WEIGHT = 0.2


class Room:
    """Counts slots; ``pool`` is asked each time, for it may grow and shrink."""

    def __init__(self, pool: Any, multiplier: int) -> None:
        self._pool = pool
        self._multiplier = multiplier or UNLIMITED
        #: Seconds that a task takes; the first is not known to be short.
        self._seconds = 1.0

    def measured(self, seconds: float) -> None:
        """Note how long a task ran."""
        self._seconds += _WEIGHT * (seconds - self._seconds)

    def left(self, in_hand: int) -> int:
        """How many more steps may be taken, beside those in hand.

        None while more than half of what was allowed is in hand, and no slot is free: one read for
        several steps costs hardly more than one for each.
        """
        slots = max(1, self._pool.num_processes)
        most = slots * self._multiplier
        # With both sources full each gets a third at least.
        others = min(len(state.reserved_requests) - in_hand, most - -(-most // 3))
        short = slots + int(slots * AHEAD / max(self._seconds, 1e-6))
        limit: int = max(1, min(most - max(0, others), short))
        left = limit - in_hand
        return left if in_hand < slots or 2 * left >= limit else 0
