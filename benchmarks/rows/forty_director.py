"""The chain of 40 tasks of 10 ms on a Celery worker, against celery-director.

It keeps the state of its workflows in a database, here SQLite, beside Celery's own messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ours import inside
from benchmarks.peers import DIRECTOR
from benchmarks.peers.stage import stage
from benchmarks.row import Measure
from benchmarks.rows.forty_celery import row


@contextmanager
def theirs(steps: int) -> Iterator[Measure]:
    """Its chain, until the last task has ended; the figure is in seconds."""

    def commands(python: Path, script: Path) -> Mapping[str, Sequence[str | Path]]:
        return {"worker": [python, script, "worker", str(steps)]}

    with stage("with_director", DIRECTOR, commands) as found:
        yield lambda: found.seconds(steps)


ROW = row("forty-director", inside, "celery-director, SQLite", theirs)
