"""Our side of the Celery rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from benchmarks.ours import Engine, combined
from benchmarks.row import Measure
from littleflow_redis import Flow

#: What ours is called where one process does both.
OURS = "littleflow_redis, `worker -A`"


@contextmanager
def workflows(
    flow: Flow,
    count: int,
    steps: int,
    output: Any = 1,
    setup: Callable[[], AbstractContextManager[Engine]] = combined,
) -> Iterator[Measure]:
    """So many workflows of this flow at a time, each of so many steps; the figure is steps/s."""
    with setup() as engine:
        yield lambda: count * steps / engine.run(flow, count, output)
