"""200 chains of 5 on a Celery worker, against what the worker does with tasks without order.

The tasks lie in its queue before the clock starts: no engine that sends steps through a broker can
be faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import flows
from benchmarks.celery_alone import celery_alone
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import BRIDGE, workflows
from benchmarks.rows.chains_celery import STEPS


@contextmanager
def queued(count: int) -> Iterator[Measure]:
    """So many tasks in the queue; the figure is tasks/s."""
    with celery_alone() as celery:
        yield lambda: count / celery.drain(count)


def race(scale: float) -> Race:
    count = scaled(200, scale)
    return Race(
        f"{count} chains × {STEPS} steps, Celery worker",
        Side(BRIDGE, lambda: workflows(flows.chain(STEPS), count, STEPS)),
        Side(f"its drain rate: {count * STEPS} queued tasks", lambda: queued(count * STEPS)),
    )


ROW = Row("drain-celery", "steps/s", None, race)
