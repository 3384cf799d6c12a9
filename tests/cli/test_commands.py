"""The table of commands: complete, quick to list, and of help to who mistypes."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import click
import pytest
from click.testing import CliRunner

from littleflow_redis.cli import COMMANDS, cli

#: What costs time to import, or connects to something.
HEAVY = ("celery", "kombu", "lark", "numpy", "redis", "rich", "flask")


#: Runs the command line and says which of them it imported.
PROBE = f"""
import sys
from littleflow_redis.__main__ import main
try:
    main()
except SystemExit as end:
    print("imported:", *(name for name in {HEAVY!r} if name in sys.modules))
    sys.exit(end.code)
"""


def shown_by(*args: str) -> list[str]:
    result = subprocess.run([sys.executable, "-c", PROBE, *args], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_commands_are_listed_when_each_was_imported() -> None:
    """The command `list` hid the builtin of this name, so that nothing was listed after it."""
    context = click.Context(cli)
    for name in COMMANDS:
        assert cli.get_command(context, name) is not None
    assert cli.list_commands(context) == [*COMMANDS]


def test_the_list_of_commands_imports_nothing_heavy() -> None:
    *shown, imported = shown_by("--help")
    assert imported == "imported:"
    for name, entry in COMMANDS.items():
        assert any(line.split() == [name, *entry.help.split()] for line in shown), name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_imports_nothing_heavy(name: str) -> None:
    *shown, imported = shown_by(name, "--help")
    assert imported == "imported:"
    assert shown[0].startswith(f"Usage: littleflow_redis {name} ")


@pytest.mark.parametrize("typed", ["rnu", "works", "receipt"])
def test_a_mistyped_command_names_the_close_ones(typed: str) -> None:
    result = CliRunner().invoke(cli, [typed])
    assert result.exit_code == 2
    meant = {"rnu": "run", "works": "worker", "receipt": "receipts"}[typed]
    assert f"No such command '{typed}'. Did you mean {meant}" in result.output


def test_a_command_like_no_other_is_told_where_they_are_listed() -> None:
    result = CliRunner().invoke(cli, ["xyzzy"])
    assert result.exit_code == 2
    assert "--help" in result.output


def test_the_version_is_the_package_s() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert result.exit_code == 0
    assert result.output.strip() == metadata.version("littleflow_redis")


@pytest.mark.parametrize(
    "words",
    [
        ["-A", "shop"],
        ["-Ashop"],
        ["--app", "shop"],
        ["--app=shop"],
        ["--category", "shop", "-A", "shop", "--rate", "5/s"],
    ],
)
def test_a_worker_with_an_app_names_what_took_its_place(words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["worker", *words])
    assert result.exit_code == 2
    assert "`celery -A shop worker -I littleflow_redis.steps`" in result.output
    assert "`bridge -A shop`" in result.output


def test_an_app_without_a_name_is_called_tasks() -> None:
    result = CliRunner().invoke(cli, ["worker", "-A"])
    assert "`celery -A tasks worker -I littleflow_redis.steps`" in result.output
