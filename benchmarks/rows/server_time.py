"""What a step costs the server: processor time of Valkey, against Celery's `chain` on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import flows
from benchmarks.celery_alone import celery_alone
from benchmarks.cputime import seconds_of
from benchmarks.ours import Setup, inside, native
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.celery_side import SERVED
from benchmarks.server import Server

STEPS = 5


def spent(server: Server, steps: int, work: Callable[[], float]) -> float:
    """µs of the server's processor time per step of this work."""
    before = seconds_of(server.running.process.pid)
    work()
    return (seconds_of(server.running.process.pid) - before) / steps * 1e6


@contextmanager
def ours(count: int, setup: Setup) -> Iterator[Measure]:
    """So many of our chains at a time."""
    with setup() as engine:
        flow = flows.chain(STEPS)
        yield lambda: spent(engine.server, count * STEPS, lambda: engine.run(flow, count))


@contextmanager
def theirs(count: int) -> Iterator[Measure]:
    """So many of Celery's chains at a time."""
    with celery_alone() as celery:
        yield lambda: spent(
            celery.server, count * STEPS, lambda: celery.run(celery.chains(STEPS, count))
        )


def row(key: str, setup: Setup) -> Row:
    us, served_by = SERVED[setup]

    def race(scale: float) -> Race:
        count = scaled(200, scale)
        return Race(
            f"the server's processor time per step, {count} chains × {STEPS} steps, {served_by}",
            Side(us, lambda: ours(count, setup)),
            Side("Celery chain", lambda: theirs(count)),
        )

    return Row(key, "µs/step", None, race, lower_is_better=True)


ROWS = (
    row("server-time-native", native),
    row("server-time-celery", inside),
)
