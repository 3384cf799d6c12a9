"""``doc``, ``graph``, ``check`` and ``version``: what editors, pages and CI read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from tests.cli.conftest import Command

Write = Callable[..., Path]

DOCUMENTED = "@task B = math:add '''Adds them up.\nAll of them.'''\nA → { B C } → D"


@pytest.mark.parametrize("options", [(), ("--no-docs",), ("--vertical",)])
def test_doc_is_littleflow_s_diagram(
    command: Command, flow: Write, options: tuple[str, ...]
) -> None:
    file = flow(DOCUMENTED)

    result = command("doc", file, *options)

    assert result.exit_code == 0
    theirs = subprocess.run(
        [sys.executable, "-Xutf8", "-m", "littleflow", "doc", str(file), *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert result.stdout == theirs.stdout


def test_graph_is_dot(command: Command, flow: Write) -> None:
    result = command("graph", flow("@flow sums\nA → { B C }"))

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == 'digraph "sums" {'
    assert lines[-1] == "}"
    assert "  1 -> 2;" in lines
    assert '  3 [label="B"];' in lines


@pytest.mark.parametrize("name", ["doc", "graph"])
def test_a_drawing_needs_a_text_that_compiles(command: Command, name: str) -> None:
    result = command(name, "-", input="A → }")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("<stdin>:1:5: ")


def test_check_is_silent_on_what_is_fine(command: Command, flow: Write) -> None:
    result = command("check", flow("A → B", "a.flow"), flow("C", "b.flow"))

    assert (result.exit_code, result.output) == (0, "")


def test_check_prints_a_line_for_each_problem_of_all_files(command: Command, flow: Write) -> None:
    one, good, two = flow("A }\nB }", "a.flow"), flow("A", "b.flow"), flow(":x → A", "c.flow")

    result = command("check", one, good, two)

    assert result.exit_code == 1
    assert result.stderr == ""
    first, second, third = result.stdout.splitlines()
    assert first == f"{one}:1:3: unexpected '}}', " + first.partition(", ")[2]
    assert "expected" in first
    assert second.startswith(f"{one}:2:3: ")
    assert third.startswith(f"{two}:1:1: unknown label :x")


def test_check_prints_problems_as_data(command: Command, flow: Write) -> None:
    one, good, two = flow("A }", "a.flow"), flow("A", "b.flow"), flow("A →", "c.flow")

    result = command("check", "--errors", "json", one, good, two)

    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["file"] for each in found] == [str(one), str(two)]
    assert found[0]["problems"][0]["column"] == 3


def test_check_prints_warnings_which_are_no_problems(command: Command, flow: Write) -> None:
    file = flow("@task X = A\nB")

    result = command("check", file)

    assert result.exit_code == 0
    assert result.stdout == f"{file}:1:7: warning: @task X is declared but not used\n"
    assert command("check", "--errors", "json", file).output == ""


def test_check_of_a_missing_file(command: Command) -> None:
    result = command("check", "missing.flow")

    assert result.exit_code == 1
    assert result.stderr == "Error: missing.flow: No such file or directory\n"


def test_version(command: Command) -> None:
    result = command("version")

    assert (result.exit_code, result.stdout.strip()) == (0, metadata.version("littleflow_redis"))
