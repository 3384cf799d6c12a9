"""Exit codes of commands."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .stage import Stage

#: Command lines; GOOD, BAD and FAILS are files, of which BAD does not compile.
_LINES = (
    # While the file is fresh.
    "health --live --file GOOD", "health --live --file nosuch",
    "--version", "nosuch", "list", "list --size 0", "list --port 1", "inspect nobody",
    "inspect items", "check GOOD", "check BAD", "compile GOOD", "compile BAD",
    "run --wait GOOD", "run --wait FAILS",
    "run", "terminate nobody", "terminate items", "delete lost", "delete nobody", "restart items",
    "archive nobody", "event",
)  # fmt: skip


def exit_codes(stage: Stage) -> dict[str, int]:
    """What the shell sees of each command line."""
    texts = {"GOOD": "n:echo", "BAD": "→ →", "FAILS": "n:fail"}
    for name, text in texts.items():
        (stage.folder / name).write_text(text)
    with ThreadPoolExecutor(4) as pool:
        codes = pool.map(lambda line: _run(line.split(), stage), _LINES)
        return dict(zip(_LINES, codes, strict=True))


def _run(words: list[str], stage: Stage) -> int:
    return subprocess.run(
        [sys.executable, "-m", "littleflow_redis", *words],
        env={**stage.environment, "PATH": "", "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=stage.folder,
        capture_output=True,
        check=False,
    ).returncode
