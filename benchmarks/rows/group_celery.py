"""A fan-out of 1,000 that nothing joins, on a Celery worker, against Celery's `group`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from celery import group

from benchmarks import flows
from benchmarks.celery_alone import celery_alone
from benchmarks.ours import inside
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import INSIDE, workflows


@contextmanager
def groups(width: int) -> Iterator[Measure]:
    """One group, until the client has all results; the figure is steps/s."""
    with celery_alone() as celery:

        def run() -> float:
            calls = group([celery.noop(1) for _ in range(width)], app=celery.app)
            return width / celery.run([calls], [1] * width)

        yield run


def race(scale: float) -> Race:
    width = scaled(1000, scale)
    flow = flows.side_by_side(width)
    return Race(
        f"fan-out {width} without a join, Celery worker",
        Side(INSIDE, lambda: workflows(flow, 1, width, [1] * width, inside)),
        Side("Celery group", lambda: groups(width)),
    )


ROW = Row("group-celery", "steps/s", None, race)
