"""``run --local``: a workflow in the process of the command itself, without Redis."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]

TASKS = '''
"""Functions that serve steps."""

from helpers import half

def add(x, y):
    print("adding")
    return x + y

def boom(x):
    raise ValueError(f"no {x}")

class Text:
    @staticmethod
    def add(x, y):
        return f"{x}é{y}"
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with tasks, and a module beside them that they import."""
    (tmp_path / "mytasks.py").write_text(TASKS, encoding="utf-8")
    (tmp_path / "helpers.py").write_text("def half(x): return x / 2")
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "sub").mkdir()
    return tmp_path


def run(
    folder: Path, text: str, *args: str, url: str = "redis://127.0.0.1:1"
) -> subprocess.CompletedProcess[str]:
    """Run a text from standard input; nothing serves the Redis that is set."""
    words = [sys.executable, "-m", "littleflow_redis", "run", "-", *args]
    return subprocess.run(
        words,
        cwd=folder,
        env={"REDIS_URL": url},
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("wait", [(), ("--wait",)])
def test_the_output_is_printed_last(folder: Path, wait: tuple[str, ...]) -> None:
    args = ("--local", "--tasks", "mytasks", "--input", "[1, 2]")
    done = run(folder, "math:add → half", *args, *wait)

    assert (done.returncode, done.stdout, done.stderr) == (0, "adding\n1.5\n", "")


@pytest.mark.parametrize(
    ("cwd", "tasks"),
    [(".", "mytasks:Text"), ("sub", "../mytasks.py:Text"), (".", "mytasks.py:Text")],
)
def test_functions_are_in_a_module_a_file_or_an_object(folder: Path, cwd: str, tasks: str) -> None:
    done = run(folder / cwd, "add", "--local", "--tasks", tasks, "--input", "[1, 2]")

    assert (done.returncode, done.stdout, done.stderr) == (0, '"1é2"\n', "")


def test_a_failure_shows_the_reason_last_and_where_it_was_raised(folder: Path) -> None:
    done = run(folder, "<- 7 -> → boom", "--local", "--tasks", "mytasks")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == "step 2 (boom): ValueError: no 7"
    assert 'mytasks.py", line 11, in boom' in done.stderr
    assert "littleflow_redis" not in done.stderr


def test_a_step_without_function_needs_no_traceback(folder: Path) -> None:
    done = run(folder, "bom", "--local", "--tasks", "mytasks")

    assert done.returncode == 1
    assert done.stderr == "step 1 (bom): no function serves bom: did you mean boom?\n"


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--local"], 2, "give --tasks MODULE, --tasks FILE.py or --tasks MODULE:OBJECT"),
        (["--tasks", "mytasks"], 2, "--tasks goes with --local"),
        (["--local", "--tasks", "mytasks", "--workflow-id", "x"], 2, "--workflow-id means nothing"),
        (["--local", "--tasks", "nowhere"], 1, "No module named 'nowhere'; --tasks takes"),
        (["--local", "--tasks", "nowhere.py"], 1, "nowhere.py cannot be read: No such file"),
        (["--local", "--tasks", "mytasks:Txt"], 1, "mytasks has no 'Txt'"),
        (["--local", "--tasks", "broken"], 1, "broken cannot be imported: ZeroDivisionError"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    folder: Path, args: list[str], code: int, message: str
) -> None:
    done = run(folder, "add", *args)

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
