"""Problems of a text: the fault, its place, and a correction."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice

from .flow import Json
from .limits import Limits

#: Characters of a source line shown around a caret; more does not fit a terminal.
LINE_WIDTH = 100
#: Names longer than this are not compared with others (comparing is quadratic in their length).
LONGEST_COMPARED = 40
#: Names looked at for a close match; enough for every text written by hand.
MOST_COMPARED = 500


class ProblemKind(StrEnum):
    """The subject of a problem."""

    SYNTAX = "syntax"
    LABEL = "label"
    EDGE = "edge"
    CYCLE = "cycle"
    LOOP = "loop"
    LITERAL = "literal"
    OPTION = "option"
    GUARD = "guard"
    DECLARATION = "declaration"
    LIMIT = "limit"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is (from 1), what it is, what was expected there, what to do."""

    line: int
    column: int
    message: str
    expected: str = ""
    hint: str = ""
    kind: ProblemKind = ProblemKind.SYNTAX

    def as_dict(self) -> dict[str, Json]:
        """The problem as plain data, for ``--errors json``."""
        return {
            "line": self.line,
            "column": self.column,
            "kind": self.kind.value,
            "message": self.message,
            "expected": self.expected,
            "hint": self.hint,
        }


class FlowError(ValueError):
    """A text that does not compile; ``problems`` holds all that was found, in text order."""

    def __init__(
        self, problems: Iterable[Problem], source: str = "", filename: str = "<text>"
    ) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        self.source = source
        self.filename = filename
        super().__init__(self.problems, source, filename)

    def __str__(self) -> str:
        lines = self.source.split("\n")
        return "\n\n".join(self._render(problem, lines) for problem in self.problems)

    def excerpt(self, problem: Problem) -> str:
        """The line of a problem and a caret under the place; empty without the text."""
        lines = self.source.split("\n") if self.source else []
        if not 0 < problem.line <= len(lines):
            return ""
        return "\n".join(text[4:] for text in _caret(lines[problem.line - 1], problem.column))

    def _render(self, problem: Problem, lines: list[str]) -> str:
        shown = [f"{self.filename}:{problem.line}:{problem.column}: {problem.message}"]
        if 0 < problem.line <= len(lines):
            shown += _caret(lines[problem.line - 1], problem.column)
        if problem.expected:
            shown.append(f"  expected {problem.expected}")
        if problem.hint:
            shown.append(f"  {problem.hint}")
        return "\n".join(shown)


def _caret(line: str, column: int) -> list[str]:
    """The source line and a caret under its column, both cut to what fits a terminal."""
    line = line.rstrip()
    first = max(0, column - 1 - LINE_WIDTH // 2)
    before = line[first : column - 1]
    padding = "".join("\t" if char == "\t" else " " * _cells(char) for char in before)
    return [f"    {line[first : first + LINE_WIDTH]}", f"    {padding}^"]


def _cells(char: str) -> int:
    """The number of terminal cells that a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def close_match(name: str, candidates: Iterable[str], *, prefix: str = "") -> str:
    """A sentence that asks whether one of ``candidates`` was meant; empty if none is close."""
    if len(name) > LONGEST_COMPARED:
        return ""
    alike = (other for other in candidates if abs(len(other) - len(name)) <= 3 and other != name)
    found = get_close_matches(name, list(islice(alike, MOST_COMPARED)), n=1)
    return f"did you mean {prefix}{found[0]}?" if found else ""


def close_names(name: str, candidates: Iterable[str], most: int = 3) -> list[str]:
    """Those of ``candidates`` that look like the name, whatever the case, the closest first."""
    by_form: dict[str, list[str]] = {}
    for candidate in candidates:
        by_form.setdefault(candidate.lower(), []).append(candidate)
    found = get_close_matches(name[:100].lower(), by_form, n=most)
    return [candidate for form in found for candidate in by_form[form]]


class TooManyProblems(Exception):
    """Raised to stop a compilation that has found as many problems as may be reported."""


@dataclass(slots=True)
class ProblemCollector:
    """Collects problems and warnings while one text is compiled."""

    text: str
    limits: Limits
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(
        self,
        kind: ProblemKind,
        at: tuple[int, int],
        message: str,
        *,
        expected: str = "",
        hint: str = "",
    ) -> None:
        """Records a problem at a (line, column).

        Raises:
            TooManyProblems: it is the last one that may be reported.
        """
        self.problems.append(Problem(at[0], at[1], message, expected, hint, kind))
        if len(self.problems) >= self.limits.problems:
            raise TooManyProblems

    def stop(self, at: tuple[int, int], message: str, *, hint: str = "") -> TooManyProblems:
        """Records a problem after which going on makes no sense; raise what it returns."""
        self.problems.append(Problem(at[0], at[1], message, "", hint, ProblemKind.LIMIT))
        return TooManyProblems()

    def warn(self, at: tuple[int, int], message: str) -> None:
        """Records a warning; more than may be reported are left out."""
        if len(self.warnings) < self.limits.problems:
            self.warnings.append(f"{at[0]}:{at[1]}: {message}" if at[0] else message)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset into the text."""
        begin = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - begin + 1
