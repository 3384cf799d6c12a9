"""A step's job in a pool, which a lost broker connection must not take from it.

A worker that loses its broker has its pool of processes forget every job that no process has begun.
Celery need not care, for the broker delivers them again. Some have reached a process by then: it
runs them, and nobody hears of the result. Nothing delivers steps again, so their jobs stay known.
"""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from typing import Any

from celery.concurrency import prefork, thread
from celery.concurrency.asynpool import AsynPool

#: Marks a job of a step, in the pool's own record of it.
_KEPT = "littleflow_kept"


def forks(pool: Any) -> bool:
    """Whether a pool runs tasks in processes of their own."""
    return isinstance(pool, prefork.TaskPool)


def protect_jobs(pool: Any) -> None:
    """Have a pool of processes keep what it has been given, when it shrinks and when it is flushed.

    A pool that shrinks spares only processes that are known to have begun a job. The word of that
    may be on its way, and the job is killed with its process. One that is flushed forgets jobs of
    steps, in Celery 5.6 even those that run.
    """
    processes = getattr(pool, "_pool", None)
    if not isinstance(processes, AsynPool):
        return
    begun, flush_all = processes._worker_active, processes.flush

    def active(process: Any) -> bool:
        given = (process in (job._write_to, job._scheduled_for) for job in jobs.values())
        return bool(begun(process)) or any(given)

    def flush() -> None:
        kept = {number: job for number, job in jobs.items() if hasattr(job, _KEPT)}
        flush_all()
        jobs.update({number: job for number, job in kept.items() if not job.ready()})

    jobs: MutableMapping[int, Any] = processes._cache
    processes._worker_active, pool.flush = active, flush


class PoolJob:
    """A job that is being given to a pool, and what its ``apply_async`` returned for it.

    A pool of greenlets without a free one keeps its caller waiting: it has the job by then.
    """

    def __init__(self, pool: Any) -> None:
        self._forked = forks(pool)
        self._processes: Collection[Any] = ()
        self._job: Any = None
        self._future: Any = None

    def given(self, pool: Any, result: Any) -> None:
        """The pool has it."""
        # Of all pools only this one forgets.
        if isinstance(getattr(pool, "_pool", None), AsynPool):
            self._job = result
            self._processes = pool._pool._pool
            setattr(result, _KEPT, True)
        elif isinstance(result, thread.ApplyResult):
            self._future = result.f

    def withdrawn(self) -> bool:
        """Whether no thread will run it any more, for none has begun."""
        return self._future is not None and self._future.cancel()

    def may_have_begun(self) -> bool:
        """Whether a process may run it, though none is known to have begun.

        A thread says that it begins before it does.
        """
        return self._forked and (self._job is None or self._job._write_to is not None)

    def dropped(self) -> bool:
        """Whether no process will ever run it; then the pool forgets it, too."""
        job = self._job
        if job is None or job._accepted or job.ready():
            return False
        process = job._write_to
        # What a process that died had begun is known when the pool has taken leave of it.
        if process is not None and (process._is_alive() or process in self._processes):
            return False
        job.discard()
        return True
