"""200 chains of 5, served natively, against littleflow_redis 0.4 (PyPI) and its own listener."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ours import WrongOutcome
from benchmarks.peers import UPSTREAM
from benchmarks.peers.home import python_of
from benchmarks.processes import ROOT, environment, running
from benchmarks.row import Measure, Race, Row, Side, scaled
from benchmarks.rows.native import STEPS, chains
from benchmarks.server import server

#: Seconds that its run may take; what has not ended by then does not count.
LIMIT = 60

#: It runs fewer chains than we, for it takes long; measured from 15 to 200, its rate is the same.
CHAINS = 30

_SCRIPT = ROOT / "benchmarks" / "peers" / "upstream.py"


@contextmanager
def upstream_chains(count: int) -> Iterator[Measure]:
    """Its worker, its receipts, and a listener as its documentation shows it."""
    python = str(python_of("upstream", UPSTREAM))
    commands = {
        "worker": [python, "-m", "littleflow_redis", "worker"],
        "receipts": [python, "-m", "littleflow_redis", "receipts"],
        "listener": [python, str(_SCRIPT), "listener"],
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(server(folder))
        env = environment(**found.environment)
        for name, command in commands.items():
            # Not in the checkout, whose littleflow_redis would be imported.
            stack.enter_context(running(name, command, env, folder, cwd=folder))
        yield partial(_run, python, env, folder, count)


def _run(python: str, env: Mapping[str, str], folder: Path, count: int) -> float:
    command = [python, str(_SCRIPT), "client", str(count), str(STEPS), str(LIMIT)]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
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
