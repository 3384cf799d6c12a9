"""How many steps a worker takes from the stream, beside what its broker gives it."""

from __future__ import annotations

from typing import Any

from celery.worker import state

from littleflow_redis.workers.executor.ahead import Ahead, worth_a_read

#: Stands for a prefetch multiplier of 0, which means "as many as there are".
UNLIMITED = 4


class Room:
    """Counts the slots of a worker's pool, asked each time: it may grow and shrink.

    A pool that grows with its load (`--autoscale`) counts as grown: it grows only if more is
    waiting than it has processes for.
    """

    def __init__(self, worker: Any, multiplier: int) -> None:
        self._worker = worker
        self._multiplier = multiplier or UNLIMITED
        self.ahead = Ahead()

    def free(self, in_hand: int, kept: int) -> int:
        """How many more steps may be in hand; none in a pool that has stopped.

        ``kept``: those in hand that a rate limit or a strategy keeps from the pool.
        """
        if not self._worker.pool.active:
            return 0
        slots = self._slots
        most = slots * self._multiplier
        # However much the broker has given, steps get a third.
        others = min(len(state.reserved_requests) - (in_hand - kept), most - -(-most // 3))
        return max(1, min(most - max(0, others), self.ahead.most(slots) + kept)) - in_hand

    def room(self, in_hand: int, kept: int) -> int:
        """How many more to take from the stream."""
        return worth_a_read(self.free(in_hand, kept), in_hand - kept, self._slots)

    @property
    def _slots(self) -> int:
        worker = self._worker
        return max(1, int(worker.max_concurrency or worker.pool.num_processes or 1))
