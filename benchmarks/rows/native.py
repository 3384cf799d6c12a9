"""Our side of the native rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.flows import chain, side_by_side
from benchmarks.ours import native
from benchmarks.row import Measure

#: Steps of each chain.
STEPS = 5


@contextmanager
def chains(count: int) -> Iterator[Measure]:
    """So many chains at a time, served by a TaskListener; the figure is steps/s."""
    with native() as engine:
        yield lambda: count * STEPS / engine.run(chain(STEPS), count)


@contextmanager
def fan_out(width: int) -> Iterator[Measure]:
    """So many steps at a time that nothing joins, served by a TaskListener; steps/s."""
    with native() as engine:
        flow = side_by_side(width)
        yield lambda: width / engine.run(flow, 1, [1] * width)
