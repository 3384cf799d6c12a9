"""200 chains of 5 on a Celery worker, against Celery's `chain`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import flows
from benchmarks.celery_alone import celery_alone
from benchmarks.ours import SOLO, Pool
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import BRIDGE, workflows

STEPS = 5


@contextmanager
def chains(count: int, steps: int, pool: Pool = SOLO) -> Iterator[Measure]:
    """So many of Celery's chains at a time; the figure is steps/s."""
    with celery_alone(pool) as celery:
        yield lambda: count * steps / celery.run(celery.chains(steps, count))


def race(scale: float) -> Race:
    count = scaled(200, scale)
    return Race(
        f"{count} chains × {STEPS} steps, Celery worker",
        Side(BRIDGE, lambda: workflows(flows.chain(STEPS), count, STEPS)),
        Side("Celery chain", lambda: chains(count, STEPS)),
    )


ROW = Row("chains-celery", "steps/s", None, race)
