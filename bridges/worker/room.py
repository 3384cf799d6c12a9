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
    """Counts the slots of a worker's pool, asked each time: it may grow and shrink.

    A pool that grows with its load (`--autoscale`) counts as grown: it grows only if more is
    waiting than it has processes for.
    """

    def __init__(self, worker: Any, multiplier: int) -> None:
        self._worker = worker
        self._multiplier = multiplier or UNLIMITED
        #: Seconds that a task takes; the first is not known to be short.
        self._seconds = 1.0

    def measured(self, seconds: float) -> None:
        """Note how long a task ran."""
        self._seconds += _WEIGHT * (seconds - self._seconds)

    def free(self, in_hand: int) -> int:
        """How many more steps may be in hand."""
        slots = self._slots
        most = slots * self._multiplier
        # However much the broker has given, steps get a third.
        others = min(len(state.reserved_requests) - in_hand, most - -(-most // 3))
        short = slots + int(slots * AHEAD / max(self._seconds, 1e-6))
        return max(1, min(most - max(0, others), short)) - in_hand

    def room(self, in_hand: int) -> int:
        """How many more to take from the stream.

        None while more than half of what is allowed is in hand and no slot is free: one read for
        several steps costs hardly more than one for each.
        """
        free = self.free(in_hand)
        return free if in_hand < self._slots or free >= in_hand else 0

    @property
    def _slots(self) -> int:
        worker = self._worker
        return max(1, int(worker.max_concurrency or worker.pool.num_processes or 1))
