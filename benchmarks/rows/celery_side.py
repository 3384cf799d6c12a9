"""Our side of the Celery rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.ours import with_celery
from benchmarks.row import Measure
from littleflow_redis import Flow


@contextmanager
def workflows(flow: Flow, count: int, steps: int, output: Any = 1) -> Iterator[Measure]:
    """So many workflows of this flow at a time, each of so many steps; the figure is steps/s."""
    with with_celery() as engine:
        yield lambda: count * steps / engine.run(flow, count, output)
