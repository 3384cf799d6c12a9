"""A step's job in a pool, which a lost broker connection must not take from it.

A worker that loses its broker has its pool of processes forget every job that no process has begun.
Celery need not care, for the broker delivers them again. Some have reached a process by then: it
runs them, and nobody hears of the result. Nothing delivers steps again, so their jobs stay known.
"""

from __future__ import annotations

from typing import Any

from celery.concurrency.asynpool import AsynPool


class PoolJob:
    """The job behind the result of a pool's ``apply_async``."""

    def __init__(self, pool: Any, result: Any) -> None:
        #: Of a pool of threads.
        self._future = getattr(result, "f", None)
        # Of all pools only this one forgets.
        self._job = result if isinstance(getattr(pool, "_pool", None), AsynPool) else None
        if self._job is not None:
            self._job.discard = lambda: None

    def dropped(self) -> bool:
        """Whether no process will ever run it; then the pool forgets it, too."""
        job = self._job
        if job is None or job._accepted or job.ready():
            return False
        if job._write_to is not None and job._write_to._is_alive():
            return False
        type(job).discard(job)
        return True

    def cancel(self) -> bool:
        """Take it back if no thread has begun it; whether it is taken back, and so never runs."""
        return bool(self._future is not None and self._future.cancel())
