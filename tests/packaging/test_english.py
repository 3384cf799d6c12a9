"""The house's rule for English: see CONTRIBUTING.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .english import offenders, problems, sentences

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
