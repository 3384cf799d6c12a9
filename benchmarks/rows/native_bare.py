"""200 chains of 5, served natively, against a bare stream with the same hops."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import redis

from benchmarks import bare
from benchmarks.ours import LOOK
from benchmarks.processes import Running, environment, running
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.native import STEPS, chains
from benchmarks.server import server


@contextmanager
def bare_stream(count: int) -> Iterator[Measure]:
    """Two processes that only pass events on."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(server(folder))
        client = stack.enter_context(redis.Redis.from_url(found.url))
        command = [sys.executable, "-m", "benchmarks.bare"]
        processes = [
            stack.enter_context(
                running(role, [*command, role, found.url, str(STEPS)], environment(), folder)
            )
            for role in ("worker", "listener")
        ]
        _pass_through(client, 1, processes)
        yield lambda: count * STEPS / _pass_through(client, count, processes)


def _pass_through(client: redis.Redis, count: int, processes: list[Running]) -> float:
    """Seconds that so many chains take."""
    client.delete(bare.DONE)
    began = time.perf_counter()
    for number in range(count):
        client.xadd(bare.STREAM, cast("Any", bare.start_task(f"workflow:{number}", 1)))
    while int(client.get(bare.DONE) or 0) < count:
        time.sleep(LOOK)
        for process in processes:
            process.check()
    return time.perf_counter() - began


def race(scale: float) -> Race:
    count = scaled(200, scale)
    return Race(
        f"{count} chains × {STEPS} steps, native listener",
        Side("littleflow_redis", lambda: chains(count)),
        Side("bare stream: the same hops, no state", lambda: bare_stream(count)),
    )


ROW = Row("native-bare", "steps/s", 0.4, race)
