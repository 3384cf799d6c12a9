"""Hours of work: memory, stream and latency must not grow. ``python -m benchmarks.soak MINUTES``.

Chains run, and the last KEPT of them stay, as with `--retain`. Each minute is a row; the exit code
is 1 if the last quarter needs half as much again of anything as the first.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import psutil

from benchmarks.flows import chain
from benchmarks.ours import PATIENCE, Engine, native

#: Chains of a round, steps of each, and ended ones that stay. A number, not a time: what they need
#: must not depend on how fast the machine is at the moment.
ROUND, STEPS, KEPT = 50, 5, 1_000

#: Growth from the first to the last quarter beyond which it is no longer flat.
MOST = 1.5

#: Entries that a stream may hold anyway.
SLACK = 1000


class Minute(NamedTuple):
    """What is judged."""

    memory: float
    """Bytes in Redis."""
    processes: float
    """Bytes of worker, receipts and listener."""
    stream: float
    """Entries."""
    latency: float
    """Seconds that the fastest tenth of single chains take: other work on the machine slows down
    the others.
    """


class Soak:
    """An engine at work, and the workflows that have ended there."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._flow = chain(STEPS)
        self._ended: deque[str] = deque()

    def minute(self, seconds: float) -> tuple[Minute, float]:
        """Work for so long; what is judged, and steps/s."""
        began, latencies, done = time.monotonic(), [], 0
        while time.monotonic() - began < seconds:
            self._run(ROUND)
            start = time.monotonic()
            self._run(1)
            latencies.append(time.monotonic() - start)
            done += STEPS * (ROUND + 1)
            while len(self._ended) > KEPT:
                self.engine.client.delete(self._ended.popleft())
        rate = done / (time.monotonic() - began)
        self.engine.settle()
        return self._look(latencies), rate

    def _run(self, count: int) -> None:
        client = self.engine.client
        ids = [client.start(self._flow, input=1) for _ in range(count)]
        for id in ids:
            client.wait(id, timeout=PATIENCE)
        self._ended += ids

    def _look(self, latencies: Sequence[float]) -> Minute:
        client, server = self.engine.client, self.engine.server.running
        info: Any = client.redis.info("memory")
        entries: Any = client.redis.xlen(client.keys.events)
        resident = sum(
            psutil.Process(running.process.pid).memory_info().rss
            for running in self.engine.processes
            if running is not server
        )
        fastest = sorted(latencies)[: max(len(latencies) // 10, 1)]
        return Minute(info["used_memory"], resident, entries, statistics.median(fastest))


def main(minutes: float) -> int:
    """Run, print, judge."""
    rows: list[Minute] = []
    with native() as engine:
        soak = Soak(engine)
        print(
            "| minute | MB in Redis | MB of processes | entries | ms for a chain of 5 | steps/s |"
        )
        print("|---:|---:|---:|---:|---:|---:|", flush=True)
        count = max(round(minutes), 1)
        for number in range(1, count + 1):
            row, rate = soak.minute(60 * minutes / count)
            rows.append(row)
            print(
                f"| {number} | {row.memory / 1e6:.1f} | {row.processes / 1e6:.0f} "
                f"| {row.stream:.0f} | {row.latency * 1000:.1f} | {rate:.0f} |",
                flush=True,
            )
    return judge(rows)


def judge(rows: Sequence[Minute]) -> int:
    """Print how much each grew; 1 if one did more than it may."""
    part = max(len(rows) // 4, 1)
    # The first minute fills what is kept.
    early, late = rows[1 : 1 + part] if len(rows) > 2 else rows[:part], rows[-part:]
    grown = False
    for at, name in enumerate(Minute._fields):
        before, after = (statistics.median(row[at] for row in part) for part in (early, late))
        flat = after <= MOST * before or (name == "stream" and after < SLACK)
        told = f"{after / before:.2f}×" if before else f"{after:.0f}, from 0"
        print(f"{name}: {told} of the first quarter's{'' if flat else ', which is too much'}")
        grown = grown or not flat
    return int(grown)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
