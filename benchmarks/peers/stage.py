"""A peer on stage: a server, its processes in an environment of its own, and its client."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.peers.home import python_of
from benchmarks.processes import ROOT, Running, environment, running
from benchmarks.row import PATIENCE, Hung
from benchmarks.server import server

SCRIPTS = ROOT / "benchmarks" / "peers"

#: From the Python of the environment and the peer's script to the commands of its processes.
Commands = Callable[[str, str], Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A peer whose processes run; its client is started for each run."""

    python: str
    script: Path
    env: Mapping[str, str]
    folder: Path
    processes: Sequence[Running]

    def tell(self, *args: str | int, patience: float = PATIENCE) -> Any:
        """Run the client with these arguments and return the JSON that it prints, in its last line.

        Raises Hung, CalledProcessError, ProcessDied.
        """
        command = [self.python, str(self.script), "client", *map(str, args)]
        try:
            done = subprocess.run(
                command, env=self.env, cwd=self.folder, capture_output=True, text=True,
                check=True, timeout=patience,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            for process in self.processes:
                process.check()
            raise Hung(f"no end within {patience:g} s") from error
        return json.loads(done.stdout.splitlines()[-1])

    def seconds(self, *args: str | int) -> float:
        """The ``seconds`` that the client tells of its work."""
        return float(self.tell(*args)["seconds"])


@contextmanager
def stage(peer: str, requirements: Sequence[str], commands: Commands) -> Iterator[Stage]:
    """Within it ``peers/<peer>.py`` can be run as a client. Raises NoPeer."""
    python, script = str(python_of(peer, requirements)), SCRIPTS / f"{peer}.py"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(server(folder))
        env = environment(**found.environment, REDIS_URL=found.url, HOME=str(folder))
        # Not in the checkout, whose littleflow_redis would be imported.
        processes = [
            stack.enter_context(running(name, command, env, folder, cwd=folder))
            for name, command in commands(python, str(script)).items()
        ]
        yield Stage(python, script, env, folder, processes)
