"""A peer on stage: a server, its processes in an environment of its own, and its client."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from benchmarks.peers.home import python_of
from benchmarks.processes import ROOT, ProcessDied, Running, environment, running
from benchmarks.row import PATIENCE, Hung
from benchmarks.server import server

SCRIPTS = ROOT / "benchmarks" / "peers"

#: Characters of what a client wrote that an error shows.
_SHOWN = 2000

#: From the Python of the environment and the peer's script to the commands of its processes.
Commands = Callable[[Path, Path], Mapping[str, Sequence[str | Path]]]


def no_processes(*_: Path) -> Mapping[str, Sequence[str | Path]]:
    """The commands of a peer whose client does everything."""
    return {}


@dataclass(frozen=True, slots=True)
class Stage:
    """A peer whose processes run; its client is started for each run."""

    python: Path
    script: Path
    env: Mapping[str, str]
    folder: Path
    processes: Sequence[Running]

    def tell(self, *args: str | int, patience: float = PATIENCE) -> Any:
        """Run the client with these arguments and return the JSON that it prints, in its last line.

        Raises Hung, ProcessDied.
        """
        command = [str(self.python), str(self.script), "client", *map(str, args)]
        try:
            done = subprocess.run(
                command, env=self.env, cwd=self.folder, capture_output=True, text=True,
                check=False, timeout=patience,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            for process in self.processes:
                process.check()
            raise Hung(f"no end within {patience:g} s") from error
        if done.returncode:
            raise ProcessDied(f"its client failed:\n{done.stderr[-_SHOWN:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def seconds(self, *args: str | int) -> float:
        """The ``seconds`` that the client tells of its work."""
        return float(self.tell(*args)["seconds"])


@contextmanager
def stage(
    peer: str,
    requirements: Sequence[str],
    commands: Commands = no_processes,
    env: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Stage]:
    """Within it ``peers/<peer>.py`` can be run as a client. Raises NoPeer."""
    python, script = python_of(peer, requirements), SCRIPTS / f"{peer}.py"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(server(folder))
        # Whatever it keeps at home goes with the folder.
        told = {**found.environment, "REDIS_URL": found.url, "HOME": str(folder), **env}
        # Not in the checkout, whose littleflow_redis would be imported.
        processes = [
            stack.enter_context(running(name, command, environment(**told), folder, cwd=folder))
            for name, command in commands(python, script).items()
        ]
        yield Stage(python, script, environment(**told), folder, processes)
