"""What is measured runs as real processes: each with its own session and its output in a file."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

#: The checkout: where `benchmarks` can be imported.
ROOT = Path(__file__).resolve().parent.parent

#: Settings of the developer that must not reach what is measured.
_FOREIGN = ("REDIS_", "CELERY_", "LITTLEFLOW_", "LOG_LEVEL", "PYTHONPATH")

#: PR_SET_PDEATHSIG of prctl(2): the kernel kills the child when this process dies, however it dies.
_PR_SET_PDEATHSIG = 1

#: Seconds that a process may take to end after SIGTERM.
_PATIENCE = 10.0

#: Characters of a process' output that an error shows.
_SHOWN = 2000


class ProcessDied(RuntimeError):
    """A process that takes part ended before the measurement did; the message has its output."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that takes part, and the file with what it wrote."""

    name: str
    process: Popen[bytes]
    output: Path

    def check(self) -> None:
        """Raise ProcessDied if it has ended."""
        code = self.process.poll()
        if code is not None:
            written = self.output.read_text(errors="replace")[-_SHOWN:]
            raise ProcessDied(f"{self.name} ended with code {code}; it wrote:\n{written}")


def environment(**added: str) -> dict[str, str]:
    """The environment of a process: the developer's without settings of ours, and ``added``."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | added


@contextmanager
def running(
    name: str, command: Sequence[str | Path], env: Mapping[str, str], folder: Path, cwd: Path = ROOT
) -> Iterator[Running]:
    """Within it the process runs; at the end it is asked to end, and with its children killed."""
    output = folder / f"{name}.log"
    with output.open("wb") as file:
        process = Popen(
            [*command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        yield Running(name, process, output)
    finally:
        _end(process)


def _end(process: Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_PATIENCE)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
