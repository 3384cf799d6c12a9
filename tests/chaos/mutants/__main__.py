"""``make mutants``: break the code, run the tests that must see it, tell which one did."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .catalogue import MUTANTS, Mutant

_ROOT = Path(__file__).parents[3]

#: Not copied: it is large, or of this checkout alone.
_LEFT = (".git", ".venv", ".*_cache", "__pycache__", "*.egg-info", "build", "node_modules")

#: Seconds that the tests of one mutant may take. A mistake may also make them hang.
PATIENCE = 600


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutants whose names have one of these")
    words = parser.parse_args().words
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(_ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT))
        seen = [_seen(mutant, copy) for mutant in chosen]
    print(f"{sum(seen)} of {len(seen)} were seen")
    return 0 if all(seen) else 1


def _seen(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests fail with the mistake in place; the copy is mended after it."""
    file, begin = copy / mutant.file, time.monotonic()
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        print(f"STALE  {mutant.name}: {mutant.file} has {text.count(mutant.old)} such places")
        return False
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        by = _who_sees(mutant, copy)
    finally:
        file.write_text(text, encoding="utf-8")
    print(f"{'seen' if by else 'MISSED':6} {mutant.name} ({time.monotonic() - begin:.0f} s): {by}")
    sys.stdout.flush()
    return bool(by)


def _who_sees(mutant: Mutant, copy: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-x", "--no-header", *mutant.tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"{' '.join(mutant.tests)}, which did not end"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    # 1: tests failed. Anything else, such as a mistake in the mutant itself, is no proof.
    return failed[0].split(" ", 1)[1][:120] if done.returncode == 1 and failed else ""


if __name__ == "__main__":
    sys.exit(main())
