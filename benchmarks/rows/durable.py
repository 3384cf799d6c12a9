"""What persistence costs: the native chains with an append-only file, against the same without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.flows import chain
from benchmarks.ours import native
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.native import STEPS, chains


@contextmanager
def durable(count: int, appendfsync: str) -> Iterator[Measure]:
    """The same chains with an append-only file."""
    with native(appendfsync) as engine:
        yield lambda: count * STEPS / engine.run(chain(STEPS), count)


def row(appendfsync: str) -> Row:
    def race(scale: float) -> Race:
        count = scaled(200, scale)
        return Race(
            f"{count} chains × {STEPS} steps, native listener, AOF `{appendfsync}`",
            Side("littleflow_redis", lambda: durable(count, appendfsync)),
            Side("the same without persistence", lambda: chains(count)),
        )

    return Row(f"aof-{appendfsync}", "steps/s", None, race)


ROWS = (row("everysec"), row("always"))
