"""Our side of the Celery rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.ours import Setup, inside, native, with_celery
from benchmarks.row import Measure
from littleflow_redis import Flow

#: What ours is called where the Celery worker serves the steps, and where a bridge does.
INSIDE, BRIDGE = "littleflow_redis, inside the worker", "littleflow_redis, through the bridge"

#: What ours is called where either serves, and what its tasks run on.
SERVED: Mapping[Setup, tuple[str, str]] = {
    native: ("littleflow_redis", "native listener"),
    inside: (INSIDE, "Celery worker"),
}


@contextmanager
def workflows(
    flow: Flow,
    count: int,
    steps: int,
    output: Any = 1,
    setup: Setup = with_celery,
) -> Iterator[Measure]:
    """So many workflows of this flow at a time, each of so many steps; the figure is steps/s."""
    with setup() as engine:
        yield lambda: count * steps / engine.run(flow, count, output)
