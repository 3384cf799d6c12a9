"""Our side of the native rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.flows import chain
from benchmarks.ours import native
from benchmarks.row import Measure

#: Steps of each chain.
STEPS = 5


@contextmanager
def chains(count: int) -> Iterator[Measure]:
    """So many chains at a time, served by a TaskListener; the figure is steps/s."""
    with native() as engine:
        yield lambda: count * STEPS / engine.run(chain(STEPS), count)
