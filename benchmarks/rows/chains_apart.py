"""200 chains of 5 on a Celery worker, with `worker` and `bridge` as two processes."""

from __future__ import annotations

from benchmarks import flows
from benchmarks.ours import with_celery
from benchmarks.row import Race, Row, Side, scaled
from benchmarks.rows.celery_side import workflows
from benchmarks.rows.chains_celery import STEPS, chains


def race(scale: float) -> Race:
    count = scaled(200, scale)
    flow = flows.chain(STEPS)
    return Race(
        f"{count} chains × {STEPS} steps, Celery worker",
        Side(
            "littleflow_redis, `worker` and `bridge` apart",
            lambda: workflows(flow, count, STEPS, setup=with_celery),
        ),
        Side("Celery chain", lambda: chains(count, STEPS)),
    )


ROW = Row("chains-apart", "steps/s", None, race)
