"""``compile``: a table, JSON for programs, and the errors of all files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import littleflow
import pytest

from tests.cli.conftest import Command

Write = Callable[..., Path]


def test_a_table_shows_the_steps(command: Command, flow: Write) -> None:
    text = "@flow demo '''What it is for'''\n@task B = math:add(- {y: 2} -)\nA(- {x: 1} -) → > B"

    result = command("compile", flow(text))

    assert result.exit_code == 0
    title, doc, *rows = [line.split() for line in result.stdout.splitlines() if line]
    assert title[1:] == ["demo,", "4", "steps"]
    assert doc == ["What", "it", "is", "for"]
    assert rows[1:] == [
        ["0", "start"],
        ["1", "task", "A", "0", '{"x":', "1}"],
        ["2", "task", "B", "=", "math:add", "1", "merge,", '{"y":', "2}"],
        ["3", "end", "2"],
    ]


def test_json_is_one_line_a_file_as_littleflow_saves_it(command: Command, flow: Write) -> None:
    texts = ["A → { B C } → D\n", "A → B\n"]

    result = command("compile", "--json", *(flow(text, f"{len(text)}.flow") for text in texts))

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == len(texts)
    for line, text in zip(lines, texts, strict=True):
        document = json.loads(line)
        theirs = littleflow.Compiler().compile(littleflow.Parser().parse(text))
        assert document["F"] == theirs.F.tolist()
        assert [kind for kind, _ in document["T"]] == [type(node).__name__ for node in theirs]


def test_the_errors_of_all_files_are_reported(command: Command, flow: Write) -> None:
    good, one, two = flow("A", "a.flow"), flow("A →", "b.flow"), flow("A }", "c.flow")

    result = command("compile", "--json", one, good, two)

    assert result.exit_code == 1
    assert f"{one}:1:" in result.stderr
    assert f"{two}:1:3: " in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_errors_as_data(command: Command, flow: Write) -> None:
    files = [flow("A }", "b.flow"), flow("A → :nowhere(", "c.flow")]

    result = command("compile", "--errors", "json", *files)

    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stderr.splitlines()]
    assert [each["file"] for each in found] == [str(file) for file in files]
    assert found[0]["problems"][0]["line"] == 1
    assert found[0]["problems"][0]["column"] == 3


def test_warnings_are_no_errors(command: Command, flow: Write) -> None:
    file = flow("@task X = A\nB")

    result = command("compile", "--json", file)

    assert result.exit_code == 0
    assert result.stderr == f"{file}:1:7: @task X is declared but not used\n"
    assert len(result.stdout.splitlines()) == 1


def test_a_missing_file_is_said_in_a_sentence(command: Command) -> None:
    result = command("compile", "missing.flow")

    assert result.exit_code == 1
    assert result.stderr == "Error: missing.flow: No such file or directory\n"


def test_standard_input_can_be_compiled(command: Command) -> None:
    result = command("compile", "-", input="A → }")

    assert result.exit_code == 1
    assert result.stderr.startswith("<stdin>:1:")


@pytest.mark.parametrize("name", ["check", "compile", "run"])
@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("A →\n<out.json>", "line 2, column 1", "resources such as <out.json> are understood but"),
        ("A → request:get", "line 1, column 5", "request:get is a built-in task that this version"),
        ("redis:get", "line 1, column 1", "redis:get is a built-in task that this version does no"),
        ("wait:dealy", "line 1, column 1", "there is no built-in task wait:dealy"),
    ],
)
def test_what_run_refuses_is_a_problem(
    command: Command, flow: Write, name: str, text: str, place: str, says: str
) -> None:
    """`check` said nothing, and the step failed at three in the morning."""
    result = command(name, flow(text))
    line, column = place.split()[1].rstrip(","), place.split()[3]
    assert result.exit_code == 1
    assert (f":{line}:{column}: " in result.output) or place in result.output
    assert says in result.output


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("wait:event(- kind: paid -)", "wait:event has no parameter 'kind'"),
        ("wait:event", "wait:event needs a parameter event"),
        ("wait:event(- {event: a, timeout: 3q} -)", "wait:event timeout needs a time"),
        ("wait:acquire(- nam: x -)", "wait:acquire needs name, not nam"),
        ("wait:event(- {event: a, match: input} -)", ""),
        ("wait:acquire(- name: 'a-{input[id]}' -)", ""),
    ],
)
def test_a_built_in_task_that_would_fail_is_a_problem(
    command: Command, flow: Write, task: str, says: str
) -> None:
    result = command("check", flow(f"A →\n  {task}"))
    assert result.exit_code == (1 if says else 0), result.output
    assert (f":2:3: {says}" in result.output) or not says


def test_tasks_that_functions_play_are_not_refused_locally(
    command: Command, flow: Write, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("def get(): return 7\n")
    played = command("run", flow("request:get"), "--local", "--tasks", tmp_path / "mine.py")
    assert (played.exit_code, played.output) == (0, "7\n")
