"""Published scientific workflows: against the bound, with tasks that take time; and against chains,
with tasks that take none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from benchmarks.graphs import SLOTS, replay
from benchmarks.instances import at_scale
from benchmarks.row import Measure, Race, Row, Side
from benchmarks.rows.native import STEPS, chains
from benchmarks.wfformat import Graph, read

#: The least seconds that the scaled tasks can take.
SECONDS = 1.0


@cache
def graph(key: str, scale: float) -> Graph:
    return read(at_scale(scale)[key])


@contextmanager
def in_slots(key: str, scale: float) -> Iterator[Measure]:
    """Its makespan in seconds, with tasks of so short run times that SECONDS is the bound."""
    found = graph(key, scale)
    with replay(found, SLOTS, SECONDS / found.bound(SLOTS)) as measure:
        yield measure


@contextmanager
def bound() -> Iterator[Measure]:
    """What the work itself takes; nothing runs."""
    yield lambda: SECONDS


@contextmanager
def empty(key: str, scale: float) -> Iterator[Measure]:
    """Steps/s with tasks that take no time."""
    found = graph(key, scale)
    with replay(found) as measure:
        yield lambda: len(found.tasks) / measure()


def scaled(key: str) -> Callable[[float], Race]:
    def race(scale: float) -> Race:
        return Race(
            f"{key}, {len(graph(key, scale).tasks)} tasks in {SLOTS} slots",
            Side("littleflow_redis", lambda: in_slots(key, scale)),
            Side("the bound: critical path, work ÷ slots", bound),
        )

    return race


def unscaled(key: str) -> Callable[[float], Race]:
    def race(scale: float) -> Race:
        tasks = len(graph(key, scale).tasks)
        return Race(
            f"{key}, {tasks} tasks that take no time",
            Side("littleflow_redis", lambda: empty(key, scale)),
            Side("itself, as many steps in chains", lambda: chains(max(1, tasks // STEPS))),
        )

    return race


ROWS = [
    row
    for key in at_scale(1)
    for row in (
        Row(f"graph-{key}", "s", None, scaled(key), lower_is_better=True),
        Row(f"graph-{key}-empty", "steps/s", None, unscaled(key)),
    )
]
