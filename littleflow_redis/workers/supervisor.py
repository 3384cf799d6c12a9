"""Processes kept alive together: started in stages, ended in the reverse order."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence

from .child_process import Child, ChildFailed, ChildKeeper, Show

#: Seconds the children of one stage may take to get ready; a Celery app may import much.
READY_PATIENCE = 60.0

#: Seconds within which the same signal again is no second one: `timeout` and others send theirs to
#: the process and then to its group.
ECHO = 0.1

#: The signals by which people, terminals and service managers end a process.
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def supervise(
    stages: Sequence[Sequence[Child]],
    show: Show,
    job: Callable[[], Awaitable[int]],
    interrupted: int = 0,
) -> int:
    """Start the children, await ``job``, end the children; return what the job returned.

    Each stage is started when the one before is ready, and ended when the one after is gone. The
    first signal cancels the job and ends the children in order, which returns ``interrupted``; a
    second one kills them at once, which returns 128 and its number. If this process is killed, the
    kernel and the guards see to it that no child is left.

    Raises :exc:`~littleflow_redis.workers.child_process.ChildFailed` when a child does not start;
    errors of the job pass through.
    """

    async def run() -> int:
        return await _Supervisor(stages, show, interrupted).run(job)

    return asyncio.run(run())


class _Supervisor:
    def __init__(self, stages: Sequence[Sequence[Child]], show: Show, interrupted: int) -> None:
        self._interrupted = interrupted
        self._stages = [[ChildKeeper(child, show) for child in stage] for stage in stages]
        self._tasks: dict[ChildKeeper, asyncio.Task[None]] = {}
        #: The end of the run: the job's result or error, a signal, a failed child.
        self._outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._forced: int | None = None
        #: Number and time of the last signal.
        self._signal = (0, 0.0)

    async def run(self, job: Callable[[], Awaitable[int]]) -> int:
        loop = asyncio.get_running_loop()
        for number in END_SIGNALS:
            # `nohup` means what it says; a shell that ignores SIGINT for its `&` does not mean us.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_signal, number)
        work = asyncio.create_task(self._work(job))
        work.add_done_callback(self._on_work_done)
        try:
            code = await self._outcome
        finally:
            work.cancel()
            await self._end_all()
        return code if self._forced is None else self._forced

    async def _work(self, job: Callable[[], Awaitable[int]]) -> int:
        for stage in self._stages:
            for keeper in stage:
                task = asyncio.create_task(keeper.keep())
                task.add_done_callback(self._on_keeper_done)
                self._tasks[keeper] = task
            await self._until_ready(stage)
        return await job()

    @staticmethod
    async def _until_ready(stage: Sequence[ChildKeeper]) -> None:
        try:
            async with asyncio.timeout(READY_PATIENCE):
                for keeper in stage:
                    await keeper.ready.wait()
        except TimeoutError:
            late = ", ".join(keeper.child.name for keeper in stage if not keeper.ready.is_set())
            raise ChildFailed(f"not ready after {READY_PATIENCE:g} s: {late}") from None

    async def _end_all(self) -> None:
        for stage in reversed(self._stages):
            await asyncio.gather(
                *(keeper.end(self._tasks[keeper]) for keeper in stage if keeper in self._tasks)
            )

    def _on_signal(self, number: int) -> None:
        before, self._signal = self._signal, (number, time.monotonic())
        if not self._outcome.done():
            self._outcome.set_result(self._interrupted)
            return
        if before[0] == number and self._signal[1] - before[1] < ECHO:
            return
        self._forced = 128 + number
        for task in self._tasks.values():
            task.cancel()

    def _on_work_done(self, work: asyncio.Task[int]) -> None:
        if work.cancelled() or self._outcome.done():
            return
        error = work.exception()
        if error is None:
            self._outcome.set_result(work.result())
        else:
            self._outcome.set_exception(error)

    def _on_keeper_done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._outcome.done():
            self._outcome.set_exception(error)
