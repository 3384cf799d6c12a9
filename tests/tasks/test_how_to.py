"""What docs/how-to/test-a-flow.md tells its readers to do works as it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-a-flow.md"

#: A block after the name of its file, as in: The flow, `orders.flow`:
FILE = re.compile(r"`([\w.]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)

CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The page's files, as its reader would have them."""
    for name, content in FILE.findall(PAGE.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )


def test_its_tests_pass(folder: Path) -> None:
    done = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", ".")

    assert "4 passed" in done.stdout, done.stdout


def test_its_commands_print_what_it_shows(folder: Path) -> None:
    (console,) = CONSOLE.findall(PAGE.read_text(encoding="utf-8"))

    printed = ""
    for line in console.splitlines():
        if line.startswith("$ "):
            done = run(folder, *shlex.split(line.removeprefix("$ python ")))
            assert done.returncode == 0, done.stderr
            printed += f"{line}\n{done.stdout}"
    assert printed == console
