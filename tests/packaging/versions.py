"""Two versions of the package on one Redis: where the older lies, and what talks to each."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support import LONG, Spawned, die_with_parent

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("one_version.py")

#: What the package consists of; links within it lead to the folders beside it.
_PACKAGE = ("littleflow_redis", "api", "bridges", "console")


def tree_of(commit: str, folder: Path) -> Path:
    """Copy the package as a commit has it; the test is skipped where there is no such commit."""
    command = ["git", "archive", commit, *_PACKAGE]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no git to bring an older version")
    if done.returncode:
        pytest.skip(f"no history here: git has no commit {commit[:7]} (an sdist, a shallow clone)")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Version:
    """One version, by the folder of its package; ``name`` is also the category that it serves."""

    def __init__(
        self,
        name: str,
        package: Path,
        environment: Mapping[str, str],
        spawn: Callable[..., Spawned],
        folder: Path,
    ) -> None:
        self.name = name
        self._env = {**environment, "PYTHONPATH": str(package)}
        self._spawn = spawn
        self._folder = folder
        self._client = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM), "answer"],
            env={**os.environ, **self._env},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.communicate(timeout=LONG)

    def home(self) -> Path:
        """The folder of the package that answers; to be asked first."""
        return Path(self._reply()).parent

    def spawn(self, *role: str) -> Spawned:
        """Start a worker or a listener of this version."""
        return self._spawn([sys.executable, "-P", str(PROGRAM), *role], self._env, self._folder)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of this version's client; its result as JSON."""
        assert self._client.stdin is not None
        self._client.stdin.write(json.dumps([method, args, kwargs]) + "\n")
        self._client.stdin.flush()
        return self._reply()

    def _reply(self) -> Any:
        assert self._client.stdout is not None
        line = self._client.stdout.readline()
        assert line, f"the client of {self.name} has died"
        return json.loads(line)
