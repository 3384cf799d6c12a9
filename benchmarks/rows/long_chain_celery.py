"""One chain of 100 on a Celery worker, against Celery's `chain`: each step waits for the last."""

from __future__ import annotations

from benchmarks import flows
from benchmarks.row import Race, Row, Side, scaled
from benchmarks.rows.celery_side import BRIDGE, workflows
from benchmarks.rows.chains_celery import chains


def race(scale: float) -> Race:
    steps = scaled(100, scale)
    return Race(
        f"one chain of {steps}, Celery worker",
        Side(BRIDGE, lambda: workflows(flows.chain(steps), 1, steps)),
        Side("Celery chain", lambda: chains(1, steps)),
    )


ROW = Row("long-chain-celery", "steps/s", None, race)
