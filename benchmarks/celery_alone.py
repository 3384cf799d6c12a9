"""The peer of the Celery rows: Celery's own canvas, with a server and a worker like ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from celery import Celery
from celery.canvas import Signature, chain
from celery.exceptions import TimeoutError
from celery.result import AsyncResult

from benchmarks.ours import (
    LOOK,
    SOLO,
    Pool,
    WrongOutcome,
    celery_environment,
    celery_worker,
)
from benchmarks.processes import Running
from benchmarks.row import PATIENCE, Hung
from benchmarks.server import Server, server

#: The queue that Celery uses unless told otherwise.
_QUEUE = "celery"


@dataclass(frozen=True, slots=True)
class CeleryAlone:
    """Celery's client, as a program uses it, in this process."""

    app: Celery
    server: Server
    worker: Running

    def noop(self, *args: Any) -> Signature:
        """A call of the task that does nothing."""
        return self.app.signature("benchmarks.celeryapp.noop", args=args)

    def collect(self) -> Signature:
        """A call of the task that joins."""
        return self.app.signature("benchmarks.celeryapp.collect")

    def nap(self, *args: Any) -> Signature:
        """A call of the task that takes 10 ms."""
        return self.app.signature("benchmarks.celeryapp.nap", args=args)

    def chains(
        self, steps: int, count: int = 1, task: Callable[..., Signature] | None = None
    ) -> list[Signature]:
        """So many chains of so many calls of the task, ``noop`` unless given."""
        task = task or self.noop
        return [chain(task(1), *[task()] * (steps - 1)) for _ in range(count)]

    def run(self, signatures: Sequence[Signature], output: Any = 1) -> float:
        """Seconds from the first call until the client has all results. Raises Hung."""
        began = time.perf_counter()
        results: list[AsyncResult] = [signature.apply_async() for signature in signatures]
        found = [self._get(result, began + PATIENCE) for result in results]
        seconds = time.perf_counter() - began
        if found != [output] * len(found):
            raise WrongOutcome(f"Celery gave {found[:10]!r}…, not {output!r} each")
        for result in results:
            result.forget()
        return seconds

    def drain(self, count: int) -> float:
        """Seconds that the worker takes for tasks that all lie in its queue already."""
        self.app.control.cancel_consumer(_QUEUE, reply=True, timeout=1)
        results: list[AsyncResult] = [self.noop(1).apply_async() for _ in range(count)]
        queued = self.app.backend.client.llen(_QUEUE)
        if queued != count:
            raise WrongOutcome(f"the worker did not wait: {queued} of {count} tasks are queued")
        # One after the other, in their order: when the last result is there, all are.
        last = self.app.backend.get_key_for_task(results[-1].id)
        began = time.perf_counter()
        self.app.control.add_consumer(_QUEUE)
        while not self.app.backend.client.exists(last):
            time.sleep(LOOK)
            self.worker.check()
            if time.perf_counter() > began + PATIENCE:
                raise Hung(f"{count} tasks were not worked off within {PATIENCE:g} s")
        seconds = time.perf_counter() - began
        for result in results:
            self._get(result, began + PATIENCE)
            result.forget()
        return seconds

    def _get(self, result: AsyncResult, deadline: float) -> Any:
        try:
            # Not 0, which Celery takes for no limit.
            return result.get(timeout=max(deadline - time.perf_counter(), 0.1))
        except TimeoutError as error:
            self.worker.check()
            raise Hung(f"no result of Celery within {PATIENCE:g} s") from error


@contextmanager
def celery_alone(pool: Pool = SOLO) -> Iterator[CeleryAlone]:
    """A server and a Celery worker, and nothing of ours."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(server(folder))
        worker = stack.enter_context(celery_worker(folder, found, pool))
        url = celery_environment(found)["CELERY_BROKER_URL"]
        # An app of its own: that of the module is bound to the environment of its process.
        app = stack.enter_context(Celery("bench", broker=url, backend=url, set_as_current=False))
        alone = CeleryAlone(app, found, worker)
        alone.run([alone.noop(1)])
        yield alone
