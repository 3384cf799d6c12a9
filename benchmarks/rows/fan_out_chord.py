"""A fan-out of 1,000 and its join on a Celery worker, against Celery's `chord`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from celery import chord

from benchmarks import flows
from benchmarks.celery_alone import celery_alone
from benchmarks.ours import SOLO, Pool
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import BRIDGE, workflows


@contextmanager
def chords(width: int, pool: Pool = SOLO) -> Iterator[Measure]:
    """One chord; the figure is steps/s."""
    with celery_alone(pool) as celery:

        def run() -> float:
            header = [celery.noop(1) for _ in range(width)]
            return (width + 1) / celery.run([chord(header, celery.collect())], width)

        yield run


def race(scale: float) -> Race:
    width = scaled(1000, scale)
    return Race(
        f"fan-out {width} + join, Celery worker",
        Side(BRIDGE, lambda: workflows(flows.fan_out(width), 1, width + 1, width)),
        Side("Celery chord", lambda: chords(width)),
    )


ROW = Row("fan-out-chord", "steps/s", None, race)
