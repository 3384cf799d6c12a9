"""The chain of 40 tasks of 10 ms, against engines that record each step: DBOS, Prefect.

Both run the tasks in the process that runs the workflow, and keep their state in a SQLite file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from benchmarks.ours import native
from benchmarks.peers import DBOS, PREFECT
from benchmarks.peers.stage import stage
from benchmarks.row import Measure
from benchmarks.rows.forty_celery import row

#: A server of its own in a process of its own, silent, and nothing sent to its makers.
_PREFECT = {
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "50",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


def peer(
    key: str, requirements: Sequence[str], env: Mapping[str, str]
) -> Callable[[int], AbstractContextManager[Measure]]:
    """Their chain of so many steps; the figure is in seconds."""

    @contextmanager
    def theirs(steps: int) -> Iterator[Measure]:
        with stage(f"with_{key}", requirements, env=env) as found:
            yield lambda: found.seconds(steps)

    return theirs


ROWS = (
    row("forty-dbos", native, "DBOS, SQLite", peer("dbos", DBOS, {})),
    row("forty-prefect", native, "Prefect, SQLite", peer("prefect", PREFECT, _PREFECT)),
)
