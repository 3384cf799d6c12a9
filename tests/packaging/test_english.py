"""The house's rule for English: see CONTRIBUTING.md."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from littleflow_redis.cli import COMMANDS

from .english import offenders, page, problems, sentences

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("littleflow_redis", "bridges", "api", "console")


def _files() -> Iterator[Path]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            if "node_modules" not in file.parts:
                yield file


def test_docstrings_keep_the_rule() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {problem}: {sentence}"
        for file in _files()
        for line, problem, sentence in offenders(file)
    ]
    assert not found, "\n".join(found)


def _pages() -> Iterator[Path]:
    yield from (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
    yield from sorted((ROOT / "docs").rglob("*.md"))


def test_pages_keep_the_rule() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{one.line}: {problem}: {one.text}"
        for file in _pages()
        for one in page(file.read_text("utf-8"))
        for problem in problems(one)
    ]
    assert not found, "\n".join(found)


def _helps(command: click.Command) -> Iterator[str]:
    yield from filter(None, (command.help, command.short_help))
    yield from (
        found.help for found in command.params if isinstance(found, click.Option) and found.help
    )
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _helps(inner)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_commands_keeps_the_rule(name: str) -> None:
    entry = COMMANDS[name]
    module, _, attribute = entry.target.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    found = [
        f"{problem}: {one.text}"
        for text in (entry.help, *_helps(command))
        for one in page(text)
        for problem in problems(one)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("The events that were read.", []),
        ("What was read is acknowledged.", ["a clause as subject: name the thing first"]),
        ("Returns it. What follows is fine.", []),
        ("It tells the worker.", ["'tells': say report, return or publish"]),
        ("It " + "goes " * 30 + "on.", ["32 words: split it, at most 30"]),
        ("A table::\n\n    What is code is code, told or not.\n\nThe end.", []),
    ],
)
def test_the_rule_finds_what_breaks_it(docstring: str, expected: list[str]) -> None:
    assert [p for one in sentences(docstring, 1) for p in problems(one)] == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# What is a heading\n\nThe text.", []),
        ("It is.\nWhat was read goes.", ["a clause as subject: name the thing first"]),
        ("**What** goes is gone.", ["a clause as subject: name the thing first"]),
        ("What is it? A page.", []),
        (
            "| what | who |\n|---|---|\n| a page | is told |",
            ["'told': say report, return or publish"],
        ),
        ("```text\nwhat is told\n```\n- The end.", []),
        ("Thus:\n\n    what is told", []),
        ("| a |\n|---|\n| " + "goes " * 20 + "; " + "on " * 20 + "|", []),
        ("It " + "goes " * 30 + "on.", ["32 words: split it, at most 30"]),
    ],
)
def test_the_rule_reads_pages(markdown: str, expected: list[str]) -> None:
    assert [p for one in page(markdown) for p in problems(one)] == expected
