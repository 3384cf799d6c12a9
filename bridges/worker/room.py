"""How many steps a worker takes from the stream, beside what its broker gives it."""

from __future__ import annotations

from typing import Any

from celery.worker import state

from littleflow_redis.workers.executor.ahead import Ahead, worth_a_read

#: Stands for a prefetch multiplier of 0, which means "as many as there are".
UNLIMITED = 4

#: Reads in which the steps' share of a full pool is filled: each waits for room for so many.
SHARED_READS = 4


class Room:
    """Counts the slots of a worker's pool, asked each time: it may grow and shrink.

    A pool that grows with its load (`--autoscale`) counts as grown: it grows only if more is
    waiting than it has processes for.
    """

    def __init__(self, worker: Any, multiplier: int) -> None:
        self._worker = worker
        self._multiplier = multiplier or UNLIMITED
        self.ahead = Ahead()

    def free(self, in_hand: int, kept: int, queued: int) -> int:
        """How many more steps may be in hand; none in a pool that has stopped.

        ``kept``: those in hand that a rate limit or a strategy keeps from the pool.
        ``queued``: those that wait for the consumer.
        """
        if not self._worker.pool.active:
            return 0
        return max(1, *self._most(in_hand, kept, queued)) - in_hand

    def room(self, in_hand: int, kept: int, queued: int) -> int:
        """How many more to take from the stream."""
        free = self.free(in_hand, kept, queued)
        alone, shared = self._most(in_hand, kept, queued)
        if shared > alone:
            # Where the pool has a queue, a low level would leave the steps too few places in it.
            return free if free * SHARED_READS >= shared else 0
        return worth_a_read(free, in_hand - kept, self._slots)

    def _most(self, in_hand: int, kept: int, queued: int) -> tuple[int, int]:
        """How many steps may be in hand by what the pool can do soon, and by their share of it.

        A pool runs what it has in the order in which it came, so shares of its work are those of
        its queue. All that the broker gives is there, however much that is.
        """
        slots = self._slots
        most = slots * self._multiplier
        others = max(0, len(state.reserved_requests) - (in_hand - kept - queued))
        alone = min(most - others, self.ahead.most(slots) + kept)
        return alone, min(-(-others * 5 // 6), most + slots)

    @property
    def _slots(self) -> int:
        worker, pool = self._worker, self._worker.pool
        # Celery 5.6 counts the greenlets of gevent that run.
        slots = pool.limit if pool.is_green else pool.num_processes
        return max(1, int(worker.max_concurrency or slots or 1))
