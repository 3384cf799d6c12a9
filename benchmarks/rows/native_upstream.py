"""200 chains of 5, served natively, against littleflow_redis 0.4 (PyPI) and its own listener."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ours import WrongOutcome
from benchmarks.peers import UPSTREAM
from benchmarks.peers.stage import Stage, stage
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.native import STEPS, chains

#: Seconds that its run may take; what has not ended by then does not count.
LIMIT = 60

#: And what its client may take before: its listeners pause for up to ten seconds when idle.
WARM_UP = 70

#: It runs fewer chains than we, for it takes long; measured from 15 to 200, its rate is the same.
CHAINS = 30


def commands(python: Path, script: Path) -> Mapping[str, Sequence[str | Path]]:
    """Its worker, its receipts, and a listener as its documentation shows it."""
    return {
        "worker": [python, "-m", "littleflow_redis", "worker"],
        "receipts": [python, "-m", "littleflow_redis", "receipts"],
        "listener": [python, script, "listener"],
    }


@contextmanager
def upstream_chains(count: int) -> Iterator[Measure]:
    """So many of its chains at a time; the figure is steps/s."""
    with stage("upstream", UPSTREAM, commands) as found:
        yield lambda: _run(found, count)


def _run(found: Stage, count: int) -> float:
    told = found.tell(count, STEPS, LIMIT, patience=LIMIT + WARM_UP)
    if not told["ended"]:
        raise WrongOutcome(f"not one of {count} chains ended within {LIMIT} s")
    return float(told["ended"] * STEPS / told["seconds"])


def race(scale: float) -> Race:
    count, theirs = scaled(200, scale), scaled(CHAINS, scale)
    return Race(
        f"{count} chains × {STEPS} steps, native listener (peer: {theirs} chains)",
        Side("littleflow_redis", lambda: chains(count)),
        Side(
            "littleflow_redis 0.4.0 (PyPI), which compiles at each start",
            lambda: upstream_chains(theirs),
        ),
    )


ROW = Row("native-upstream", "steps/s", 150, race)
