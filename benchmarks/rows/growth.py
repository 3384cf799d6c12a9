"""What a step costs in one fan-out of 10,000, against the same number of steps in narrow ones.

The figure is processor time of server, worker, receipts and listener together, so that it hardly
depends on what else the machine does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import flows
from benchmarks.cputime import seconds_of
from benchmarks.ours import native
from benchmarks.row import Measure, Race, Row, Side, scaled

#: Steps side by side in the narrow workflows.
NARROW = 100

#: How many of them are as many steps as the wide one.
TIMES = 100


@contextmanager
def fan_outs(width: int, count: int) -> Iterator[Measure]:
    """So many fan-outs at a time; the figure is µs of processor time per step."""
    with native() as engine:

        def run() -> float:
            pids = [process.process.pid for process in engine.processes]
            before = sum(map(seconds_of, pids))
            engine.run(flows.fan_out(width), count, width)
            return (sum(map(seconds_of, pids)) - before) / (count * width) * 1e6

        yield run


def race(scale: float) -> Race:
    times = scaled(TIMES, scale)
    wide = NARROW * times
    return Race(
        f"processor time per step, fan-out {NARROW} → {wide}",
        Side(f"1 × {wide} wide", lambda: fan_outs(wide, 1)),
        Side(f"itself, {times} × {NARROW} wide", lambda: fan_outs(NARROW, times)),
    )


ROW = Row("growth", "µs/step", 1.2, race, lower_is_better=True)
