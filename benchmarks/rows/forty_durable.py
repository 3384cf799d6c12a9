"""The chain of 40 tasks of 10 ms, against engines that record each step: DBOS, Prefect.

Both run the tasks in the process that runs the workflow, and keep their state in a SQLite file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from benchmarks.ours import native
from benchmarks.peers import DBOS, PREFECT
from benchmarks.peers.stage import stage
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.forty_celery import STEPS, ours

#: A server of its own in a process of its own, silent, and nothing sent to its makers.
_PREFECT = {
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "50",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


@contextmanager
def theirs(
    key: str, requirements: Sequence[str], env: Mapping[str, str], steps: int
) -> Iterator[Measure]:
    """Their chain; the figure is in seconds."""
    with stage(f"with_{key}", requirements, env=env) as found:
        yield lambda: found.seconds(steps)


def row(key: str, name: str, requirements: Sequence[str], env: Mapping[str, str]) -> Row:
    def race(scale: float) -> Race:
        steps = scaled(STEPS, scale)
        return Race(
            f"one chain of {steps} tasks of 10 ms, native listener",
            Side("littleflow_redis", lambda: ours(steps, native)),
            Side(name, lambda: theirs(key, requirements, env, steps)),
        )

    return Row(f"forty-{key}", "s", None, race, lower_is_better=True)


ROWS = (
    row("dbos", "DBOS, SQLite", DBOS, {}),
    row("prefect", "Prefect, SQLite", PREFECT, _PREFECT),
)
