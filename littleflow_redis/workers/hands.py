"""Hands for Python functions: threads, or the thread that reads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from littleflow_redis.engine.model.task_events import StartTask

from .executor.ahead import Ahead, worth_a_read
from .executor.executor import Executor
from .functions import Functions

#: Tasks taken on ahead at most, per hand.
MOST_AHEAD = 256

#: Seconds that a finished task's end may wait for others to be applied with it.
LINGER = 0.02


class Hands:
    """Runs the tasks of an executor by functions, ``concurrency`` at a time.

    With a concurrency of 1 ``work`` runs them: no task changes threads. What has waited for
    ``patience`` seconds is overdue. Nothing more is begun once ``stopped`` says so.
    """

    def __init__(
        self,
        functions: Mapping[str, Functions],
        *,
        partial: bool,
        concurrency: int,
        patience: float,
        stopped: Callable[[], bool],
    ) -> None:
        self.executor: Executor
        #: How many more tasks may be taken from the stream, and no others; None for any number.
        self.budget: int | None = None
        self.begun = 0
        self._functions = functions
        self._partial = partial
        self._concurrency = concurrency
        self._patience = patience
        self._stopped = stopped
        self._ahead = Ahead()
        self._pool = ThreadPoolExecutor(concurrency, "littleflow-task") if concurrency > 1 else None
        self._queue: deque[StartTask] = deque()
        #: Not begun, by id, with the time since which they wait. Who takes a task out has it.
        self._waiting: dict[str, tuple[StartTask, float]] = {}
        self._helped = 0.0
        #: The thread that works, where that is the caller's.
        self._worker: int | None = None

    # What the executor asks.

    def room(self) -> int:
        free, in_hand = self._room(), self.executor.in_hand
        if self.budget is not None:
            return min(free, self.budget)
        return worth_a_read(free, in_hand, self._concurrency)

    def free(self) -> int:
        # What is handed over while a read is under way would come on top of a budget.
        return self._room() if self.budget is None else 0

    def wants(self, task: StartTask, _queue: str) -> bool:
        return not self._partial or self._functions[task.category].serves(task.base)

    def begin(self, tasks: Sequence[StartTask]) -> None:
        ours = [task for task in tasks if self.wants(task, "")]
        self.begun += len(ours)
        if self.budget is not None:
            self.budget -= len(ours)
        since = time.monotonic()
        for task in ours:
            self._waiting[task.uuid] = task, since
            if self._pool is None:
                self._queue.append(task)
            else:
                self._pool.submit(self._run, task)
        self.executor.release([task for task in tasks if not self.wants(task, "")])
        if self._pool is None and threading.get_ident() != self._worker:
            # Whoever works may wait for the stream.
            self.executor.interrupt()

    def overdue(self) -> Sequence[StartTask]:
        now = time.monotonic()
        return self._taken_out(lambda since: now - since > self._patience)

    # What runs them.

    def work(self) -> None:
        """Run what there is to run, and what follows from it, unless there are threads for it."""
        self._worker = threading.get_ident()
        while self._queue and not self._stopped():
            self._run(self._queue.popleft())

    def close(self) -> list[StartTask]:
        """Wait for what was begun; return what was not."""
        left = self._taken_out(lambda _since: True)
        if self._pool is not None:
            self._pool.shutdown()
        return left

    def _room(self) -> int:
        slots = self._concurrency
        return min(self._ahead.most(slots), MOST_AHEAD * slots) - self.executor.in_hand

    def _run(self, task: StartTask) -> None:
        if self._stopped() or self._waiting.pop(task.uuid, None) is None:
            return
        started = time.monotonic()
        self.executor.lost.begin_once(task)
        end = self._functions[task.category].run(task, self.executor.process)
        ended = time.monotonic()
        self._ahead.measured(ended - started)
        self.executor.end(end, help=True)
        if self._pool is not None or not self._queue or ended - self._helped > LINGER:
            self.executor.help()
            self._helped = time.monotonic()

    def _taken_out(self, late: Callable[[float], bool]) -> list[StartTask]:
        ids = [id for id, (_, since) in [*self._waiting.items()] if late(since)]
        return [found[0] for id in ids if (found := self._waiting.pop(id, None)) is not None]
