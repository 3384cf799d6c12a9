"""The chain of 40 tasks of about 10 ms that others have published figures of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from benchmarks import flows
from benchmarks.celery_alone import celery_alone
from benchmarks.ours import Setup, inside, native
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import SERVED

STEPS = 40


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
        yield lambda: celery.run(celery.chains(steps, task=celery.nap))


def row(
    key: str, setup: Setup, name: str, peer: Callable[[int], AbstractContextManager[Measure]]
) -> Row:
    """A row of this chain: ours served as ``setup`` does, against the ``peer`` of this name."""
    us, served_by = SERVED[setup]

    def race(scale: float) -> Race:
        steps = scaled(STEPS, scale)
        return Race(
            f"one chain of {steps} tasks of 10 ms, {served_by}",
            Side(us, lambda: ours(steps, setup)),
            Side(name, lambda: peer(steps)),
        )

    return Row(key, "s", None, race, lower_is_better=True)


ROWS = (
    row("forty-native", native, "Celery chain", theirs),
    row("forty-celery", inside, "Celery chain", theirs),
)
