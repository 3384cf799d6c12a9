"""Our side: the processes of production, and a client that starts workflows and sees them end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.flows import chain
from benchmarks.processes import Running, environment, running
from benchmarks.server import Server, server
from littleflow_redis import Client, Flow, WorkflowFailed

#: Seconds between two looks at whether all workflows have ended: short beside what is measured, and
#: rare enough that the looks do not weigh on it.
LOOK = 0.005

#: Seconds that one run may take: beyond, something is broken.
PATIENCE = 300.0

#: Seconds given to the janitor between two runs, so that its work does not fall into the peer's.
_SETTLE = 3.0

#: Entries that may be left in the stream then: notifications are swept when all have read them.
SETTLED = 10

_MODULE = (sys.executable, "-m", "littleflow_redis")


class Pool(NamedTuple):
    """A Celery worker's pool, and its processes or threads."""

    name: str
    slots: int

    @property
    def worker(self) -> tuple[str, ...]:
        """The worker as users start it; mingle and gossip only slow down the start of one alone."""
        return (
            *(sys.executable, "-m", "celery", "-A", "benchmarks.celeryapp", "worker"),
            *("--pool", self.name, "--concurrency", str(self.slots)),
            *("--without-mingle", "--without-gossip"),
        )


#: One task after the other, in the worker's own process.
SOLO = Pool("solo", 1)


class WrongOutcome(RuntimeError):
    """Work was not done as it should have been, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine with its processes."""

    server: Server
    client: Client
    #: All that work for workflows, by name; the server's under ``server``.
    processes: Sequence[Running]

    def run(self, flow: Flow, count: int, output: Any = 1) -> float:
        """Run ``count`` workflows of this flow, with 1 as input.

        Returns the seconds from the first start until the client sees that the last has ended.
        Raises WrongOutcome, ProcessDied.
        """
        began = time.perf_counter()
        ids = [self.client.start(flow, input=1) for _ in range(count)]
        self._wait(began)
        seconds = time.perf_counter() - began
        self._check(ids, output)
        self.settle()
        return seconds

    def _wait(self, began: float) -> None:
        while self.client.redis.scard(self.client.keys.running):
            time.sleep(LOOK)
            if time.perf_counter() - began > PATIENCE:
                raise WrongOutcome(f"workflows still run after {PATIENCE:g} s")
            for process in self.processes:
                process.check()

    def _check(self, ids: Sequence[str], output: Any) -> None:
        for id in ids:
            try:
                found = self.client.wait(id, timeout=1)
            except WorkflowFailed as error:
                raise WrongOutcome(str(error)) from error
            if found != output:
                raise WrongOutcome(f"{id} ended with {found!r}, not {output!r}")

    def settle(self) -> None:
        """Give the janitor time to sweep the stream."""
        deadline = time.monotonic() + _SETTLE
        while self.client.redis.xlen(self.client.keys.events) > SETTLED:
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)


#: Starts an engine; one of those below.
Setup = Callable[[], AbstractContextManager[Engine]]


@contextmanager
def native(
    appendfsync: str = "", listener: Sequence[str] = ("benchmarks.listener",)
) -> Iterator[Engine]:
    """Worker, receipts, and a TaskListener in a process of its own: a module and its arguments."""
    command = (sys.executable, "-m", *listener)
    with _engine({"listener": command}, appendfsync) as engine:
        yield engine


@contextmanager
def with_celery() -> Iterator[Engine]:
    """Worker, receipts, the bridge, and a Celery worker."""
    bridge = (*_MODULE, "bridge", "--app", "benchmarks.celeryapp", "--category", "bench")
    with _engine({"bridge": bridge, "celery": SOLO.worker}) as engine:
        yield engine


@contextmanager
def inside(pool: Pool = SOLO) -> Iterator[Engine]:
    """A Celery worker that serves steps itself: no other process, and no result backend."""
    command = (*pool.worker, "-I", "littleflow_redis.steps")
    with _engine({"celery": command}, alone=True) as engine:
        yield engine


@contextmanager
def celery_worker(folder: Path, found: Server, pool: Pool = SOLO) -> Iterator[Running]:
    """The same Celery worker by itself."""
    with running("celery", pool.worker, celery_environment(found), folder) as process:
        yield process


def celery_environment(found: Server) -> dict[str, str]:
    """The environment of processes that load the Celery app: broker and results on this server."""
    broker = found.url.removesuffix("0") + "1"
    return environment(**found.environment, CELERY_BROKER_URL=broker, CELERY_RESULT_BACKEND=broker)


@contextmanager
def _engine(
    workers: dict[str, tuple[str, ...]], appendfsync: str = "", *, alone: bool = False
) -> Iterator[Engine]:
    """These processes, and unless ``alone`` those that every engine needs otherwise."""
    others = {} if alone else {"worker": (*_MODULE, "worker"), "receipts": (*_MODULE, "receipts")}
    commands = {**others, **workers}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(server(folder, appendfsync))
        client = Client(found.url)
        stack.callback(client.redis.connection_pool.disconnect)
        env = celery_environment(found)
        if alone:
            del env["CELERY_RESULT_BACKEND"]
        processes = [
            stack.enter_context(running(name, command, env, folder))
            for name, command in commands.items()
        ]
        engine = Engine(found, client, [found.running, *processes])
        # Imports, script loads and subscriptions are not what is measured.
        engine.run(chain(2), 2)
        yield engine
