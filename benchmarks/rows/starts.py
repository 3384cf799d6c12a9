"""Starting workflows, against a bare loop that sends as many calls with the same bytes.

Nobody serves the steps: the clock stops when Redis has answered the last start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import redis

from benchmarks import bare
from benchmarks.flows import chain
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.server import server
from littleflow_redis import Client, StartSpec

#: Starts at a time: as many as go in one round trip.
COUNT = 1_000

STEPS = 5

#: What a start brings: a digest, a nonce, an input.
_ARGUMENTS = ("0" * 32, "0" * 8, "1")

#: A clock, in seconds: of the wall, or of this process' processor time.
Clock = Callable[[], float]


@contextmanager
def ours(count: int, *, clock: Clock, at_once: bool) -> Iterator[Measure]:
    """Seconds of the clock per start of a flow that is known."""
    with _redis() as url:
        client = Client(url)
        flow = chain(STEPS)

        def start() -> None:
            if at_once:
                assert all(one.id for one in client.start_many([StartSpec(flow, 1)] * count))
            else:
                for _ in range(count):
                    client.start(flow, 1)

        def run() -> float:
            client.redis.flushall()
            # The script is loaded, and the flow stored.
            client.start_many([StartSpec(flow, 1)] * 2)
            return _spent(start, clock) / count

        yield run
        client.redis.connection_pool.disconnect()


@contextmanager
def calls(count: int, *, clock: Clock, at_once: bool) -> Iterator[Measure]:
    """The same of calls of a script that does nothing."""
    with _redis() as url, redis.Redis.from_url(url) as client:
        digest = cast("str", client.script_load("return {0, 'RUNNING', ''}"))

        def call() -> None:
            if not at_once:
                for number in range(count):
                    client.evalsha(digest, 1, f"workflow:{number}", *_ARGUMENTS)
                return
            with client.pipeline(transaction=False) as pipe:
                for number in range(count):
                    pipe.evalsha(digest, 1, f"workflow:{number}", *_ARGUMENTS)
                pipe.execute()

        yield lambda: _spent(call, clock) / count


@contextmanager
def events(count: int, *, clock: Clock) -> Iterator[Measure]:
    """The same of start-tasks that are added to a stream, in one round trip."""
    with _redis() as url, redis.Redis.from_url(url) as client:

        def add() -> None:
            with client.pipeline(transaction=False) as pipe:
                for number in range(count):
                    pipe.xadd(bare.STREAM, bare.start_task(f"workflow:{number}", 1))
                pipe.execute()

        def run() -> float:
            client.flushall()
            return _spent(add, clock) / count

        yield run


@contextmanager
def _redis() -> Iterator[str]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        yield stack.enter_context(server(folder)).url


def _spent(work: Callable[[], None], clock: Clock) -> float:
    """µs of the clock that this work takes."""
    before = clock()
    work()
    return (clock() - before) * 1e6


def at_once(scale: float) -> Race:
    count = scaled(COUNT, scale)
    return Race(
        f"{count} workflows × {STEPS} steps started at once",
        Side("start_many", lambda: ours(count, clock=time.perf_counter, at_once=True)),
        Side("bare XADD, one pipeline", lambda: events(count, clock=time.perf_counter)),
    )


def client_at_once(scale: float) -> Race:
    count = scaled(COUNT, scale)
    return Race(
        f"the client's processor time per start, {count} started at once",
        Side("start_many", lambda: ours(count, clock=time.process_time, at_once=True)),
        Side(
            "bare EVALSHA, one pipeline",
            lambda: calls(count, clock=time.process_time, at_once=True),
        ),
    )


def client_in_turn(scale: float) -> Race:
    count = scaled(COUNT, scale)
    return Race(
        f"the client's processor time per start, {count} started in turn",
        Side("start", lambda: ours(count, clock=time.process_time, at_once=False)),
        Side(
            "bare EVALSHA in turn",
            lambda: calls(count, clock=time.process_time, at_once=False),
        ),
    )


ROWS = (
    Row("start-many", "µs/start", None, at_once, lower_is_better=True),
    Row("start-many-client", "µs/start", 4, client_at_once, lower_is_better=True),
    Row("start-client", "µs/start", None, client_in_turn, lower_is_better=True),
)
