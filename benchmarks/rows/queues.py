"""Chains and a fan-out, served natively, against task queues that have both: Dramatiq, taskiq."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import DRAMATIQ, TASKIQ
from benchmarks.peers.stage import Commands, stage
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows import native

STEPS = 5

#: By default it fetches two messages per thread ahead, and sleeps when it has them: with one thread
#: that is 250 tasks/s. With this it is several times as fast.
_PREFETCH = {"dramatiq_queue_prefetch": "100"}


@dataclass(frozen=True, slots=True)
class Queue:
    """A task queue: its script in ``peers/`` has the works ``chains`` and ``group``."""

    key: str
    requirements: Sequence[str]
    commands: Commands
    chains: str
    group: str
    env: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def measured(self, steps: int, work: str, *numbers: int) -> Iterator[Measure]:
        """Its client does this work once; the figure is steps/s."""
        with stage(f"with_{self.key}", self.requirements, self.commands, self.env) as found:
            yield lambda: steps / found.seconds(work, *numbers)

    @property
    def rows(self) -> tuple[Row, Row]:
        return (
            Row(f"{self.key}-chains", "steps/s", None, self._race_of_chains),
            Row(f"{self.key}-group", "steps/s", None, self._race_of_groups),
        )

    def _race_of_chains(self, scale: float) -> Race:
        count = scaled(200, scale)
        return Race(
            f"{count} chains × {STEPS} steps, native listener",
            Side("littleflow_redis", lambda: native.chains(count)),
            Side(self.chains, lambda: self.measured(count * STEPS, "chains", count, STEPS)),
        )

    def _race_of_groups(self, scale: float) -> Race:
        width = scaled(1000, scale)
        return Race(
            f"fan-out {width} without a join, native listener",
            Side("littleflow_redis", lambda: native.fan_out(width)),
            Side(self.group, lambda: self.measured(width, "group", width)),
        )


def dramatiq(python: Path, script: Path) -> Mapping[str, Sequence[str | Path]]:
    """One process with one thread."""
    one = ["--processes", "1", "--threads", "1"]
    return {"worker": [python, "-m", "dramatiq", script.stem, "--path", str(script.parent), *one]}


def taskiq(python: Path, script: Path) -> Mapping[str, Sequence[str | Path]]:
    """One process; its tasks are coroutines of one thread."""
    tool = python.parent / "taskiq"
    one = ["--workers", "1", "--log-level", "WARNING", "--app-dir", str(script.parent)]
    return {"worker": [tool, "worker", f"{script.stem}:broker", *one]}


QUEUES: Sequence[Queue] = (
    Queue("dramatiq", DRAMATIQ, dramatiq, "Dramatiq pipeline", "Dramatiq group", _PREFETCH),
    Queue("taskiq", TASKIQ, taskiq, "taskiq pipeline", "taskiq, as many tasks"),
)

ROWS = [row for queue in QUEUES for row in queue.rows]
