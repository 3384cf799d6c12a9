"""Steps served inside the Celery worker, against Celery's canvas on the same worker: each pool.

The worker alone does all of it, without a result backend; Celery's canvas needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial

from benchmarks import flows
from benchmarks.ours import SOLO, Engine, Pool, inside
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import INSIDE, workflows
from benchmarks.rows.chains_celery import STEPS, chains
from benchmarks.rows.fan_out_chord import chords

#: The pools, and the goals of the three rows of each.
POOLS: Mapping[Pool, tuple[float, float, float]] = {
    SOLO: (4, 12, 3.5),
    Pool("threads", 4): (4, 12, 3.5),
    Pool("prefork", 2): (2.5, 8, 2.5),
}


def _served(pool: Pool) -> Callable[[], AbstractContextManager[Engine]]:
    return partial(inside, pool)


def _race(
    work: str,
    pool: Pool,
    ours: Callable[[], AbstractContextManager[Measure]],
    name: str,
    peer: Callable[[], AbstractContextManager[Measure]],
) -> Race:
    return Race(f"{work}, {pool.name} {pool.slots}", Side(INSIDE, ours), Side(name, peer))


def chains_race(pool: Pool, scale: float) -> Race:
    count = scaled(200, scale)
    ours = partial(workflows, flows.chain(STEPS), count, STEPS, setup=_served(pool))
    peer = partial(chains, count, STEPS, pool)
    return _race(f"{count} chains × {STEPS} steps", pool, ours, "Celery chain", peer)


def fan_out_race(pool: Pool, scale: float) -> Race:
    width = scaled(1000, scale)
    ours = partial(workflows, flows.fan_out(width), 1, width + 1, width, setup=_served(pool))
    peer = partial(chords, width, pool)
    return _race(f"fan-out {width} + join", pool, ours, "Celery chord", peer)


def long_chain_race(pool: Pool, scale: float) -> Race:
    steps = scaled(100, scale)
    ours = partial(workflows, flows.chain(steps), 1, steps, setup=_served(pool))
    peer = partial(chains, 1, steps, pool)
    return _race(f"one chain of {steps}", pool, ours, "Celery chain", peer)


_RACES = {"chains": chains_race, "fan-out": fan_out_race, "long-chain": long_chain_race}

ROWS = tuple(
    Row(f"inside-{name}-{pool.name}", "steps/s", goal, partial(race, pool))
    for pool, goals in POOLS.items()
    for (name, race), goal in zip(_RACES.items(), goals, strict=True)
)
