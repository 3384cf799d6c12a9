"""Hours of work: memory, stream and latency must not grow. ``python -m benchmarks.soak MINUTES``.

Chains run and are deleted a minute later, as `--retain` would. Each minute is a row; the exit code
is 1 if the last quarter needs half as much again of anything as the first.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import deque
from typing import Any

from benchmarks.flows import chain
from benchmarks.ours import Engine, native

#: Chains of a round, and seconds for which an ended one is kept.
ROUND, KEPT = 50, 60.0

#: Growth from the first to the last quarter beyond which it is no longer flat.
MOST = 1.5

#: Entries that a stream may hold anyway.
SLACK = 1000


def main(minutes: float) -> int:
    """Run, print, judge."""
    rows: list[tuple[float, float, float]] = []
    with native() as engine:
        print("| minute | MB in Redis | entries in the stream | ms for a chain of 5 | steps/s |")
        print("|---:|---:|---:|---:|---:|", flush=True)
        ended: deque[tuple[float, str]] = deque()
        for minute in range(1, max(round(minutes), 1) + 1):
            row, steps = _minute(engine, ended, 60 * minutes / max(round(minutes), 1))
            rows.append(row)
            memory, entries, latency = row
            print(
                f"| {minute} | {memory / 1e6:.1f} | {entries:.0f} | {latency * 1000:.1f} "
                f"| {steps:.0f} |",
                flush=True,
            )
    return _judge(rows)


def _minute(
    engine: Engine, ended: deque[tuple[float, str]], seconds: float
) -> tuple[tuple[float, float, float], float]:
    flow, client, latencies, done = chain(5), engine.client, [], 0
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        ids = [client.start(flow, input=1) for _ in range(ROUND)]
        for id in ids:
            client.wait(id, timeout=120)
            ended.append((time.monotonic(), id))
        done += 5 * ROUND
        start = time.monotonic()
        alone = client.start(flow, input=1)
        client.wait(alone, timeout=120)
        latencies.append(time.monotonic() - start)
        ended.append((time.monotonic(), alone))
        while ended and ended[0][0] < time.monotonic() - KEPT:
            client.delete(ended.popleft()[1])
    info: Any = client.redis.info("memory")
    entries: Any = client.redis.xlen(client.keys.events)
    row = (float(info["used_memory"]), float(entries), statistics.median(latencies))
    return row, done / (time.monotonic() - began)


def _judge(rows: list[tuple[float, float, float]]) -> int:
    part = max(len(rows) // 4, 1)
    # The first minutes fill what is kept.
    early = rows[1 : 1 + part] if len(rows) > 2 else rows[:part]
    grown = False
    for name, first, last in zip(
        ("memory", "stream", "latency"), zip(*early, strict=True), zip(*rows[-part:], strict=True),
        strict=True,
    ):  # fmt: skip
        before, after = statistics.median(first), statistics.median(last)
        flat = after <= MOST * before or (name == "stream" and after < SLACK)
        print(f"{name}: {after / before if before else 0:.2f}× of the first quarter's")
        grown = grown or not flat
    return int(grown)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
