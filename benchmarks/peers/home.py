"""Environments of peers: made in `.bench/` on first use, by pip."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import ROOT, environment

#: Ignored by git; `rm -rf .bench` makes all environments anew.
HOME = ROOT / ".bench"


class NoPeer(RuntimeError):
    """A peer's environment cannot be made; the message has what pip said."""


def python_of(peer: str, requirements: Sequence[str]) -> Path:
    """The Python of a peer's environment, which is made if need be. Raises NoPeer."""
    folder = HOME / peer
    python = folder / "bin" / "python"
    # Written last: an environment whose making was interrupted is made again.
    stamp = folder / "installed"
    wanted = "\n".join((sys.version, *requirements))
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making {folder.relative_to(ROOT)}: {' '.join(requirements)}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        _install(python, requirements)
        stamp.write_text(wanted)
    return python


def _install(python: Path, requirements: Sequence[str]) -> None:
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, *requirements], capture_output=True, text=True, check=False, env=environment()
    )
    if done.returncode != 0:
        raise NoPeer(f"pip could not install {' '.join(requirements)}:\n{done.stderr}")
