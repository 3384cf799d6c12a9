"""What a step costs in a large workflow, against as many steps in small ones.

The figure is processor time of server, worker, receipts and listener together, so that it hardly
depends on what else the machine does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import flows
from benchmarks.cputime import seconds_of
from benchmarks.growth import cost_of
from benchmarks.ours import native
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.shapes import SHAPES

#: Steps of a small workflow.
SMALL = 100

#: Of how many small ones the wide workflow has the steps; and of how many the long ones, whose
#: steps wait for each other.
WIDE, LONG = 100, 20


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


@contextmanager
def in_turn(shape: str, size: int, count: int) -> Iterator[Measure]:
    """So many workflows one after the other; the figure is µs of processor time per step."""
    with native() as engine:
        yield lambda: cost_of(engine, SHAPES[shape], size, count).all


def wide(scale: float) -> Race:
    times = scaled(WIDE, scale)
    large = SMALL * times
    return Race(
        f"processor time per step, fan-out {SMALL} → {large}",
        Side(f"1 × {large} wide", lambda: fan_outs(large, 1)),
        Side(f"itself, {times} × {SMALL} wide", lambda: fan_outs(SMALL, times)),
    )


def long(key: str, shape: str, what: str) -> Row:
    def race(scale: float) -> Race:
        times = scaled(LONG, scale)
        large = SMALL * times
        return Race(
            f"processor time per step, {what} {SMALL} → {large}",
            Side(f"1 × {large}", lambda: in_turn(shape, large, 1)),
            Side(f"itself, {times} × {SMALL}", lambda: in_turn(shape, SMALL, times)),
        )

    return Row(key, "µs/step", 1.2, race, lower_is_better=True)


ROWS = (
    Row("growth", "µs/step", 1.2, wide, lower_is_better=True),
    long("growth-depth", "depth", "chain"),
    long("growth-loop", "loop", "rounds of a loop"),
    long("growth-items", "items", "items of a list"),
)
