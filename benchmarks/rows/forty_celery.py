"""The chain of 40 tasks of about 10 ms that others have published figures of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from celery import chain

from benchmarks import flows
from benchmarks.celery_alone import celery_alone
from benchmarks.ours import Engine, combined, native
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import OURS

STEPS = 40

Setup = Callable[[], AbstractContextManager[Engine]]


@contextmanager
def ours(steps: int, setup: Setup) -> Iterator[Measure]:
    """Our chain; the figure is in seconds."""
    with setup() as engine:
        flow = flows.chain(steps, "bench:nap")
        yield lambda: engine.run(flow, 1)


@contextmanager
def theirs(steps: int) -> Iterator[Measure]:
    """Celery's chain."""
    with celery_alone() as celery:
        yield lambda: celery.run([chain(celery.nap(1), *[celery.nap()] * (steps - 1))])


def row(key: str, name: str, served_by: str, setup: Setup) -> Row:
    def race(scale: float) -> Race:
        steps = scaled(STEPS, scale)
        return Race(
            f"one chain of {steps} tasks of 10 ms, {served_by}",
            Side(name, lambda: ours(steps, setup)),
            Side("Celery chain", lambda: theirs(steps)),
        )

    return Row(key, "s", None, race, lower_is_better=True)


ROWS = (
    row("forty-native", "littleflow_redis", "native listener", native),
    row("forty-celery", OURS, "Celery worker", combined),
)
