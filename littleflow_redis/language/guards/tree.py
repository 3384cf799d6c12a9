"""The syntax tree of a guard, as :mod:`.guards` evaluates it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..flow import Json


class GuardError(ValueError):
    """A guard that cannot be read or is too costly; ``position`` counts characters from 0."""

    def __init__(self, message: str, position: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Value:
    """A constant."""

    value: Json


@dataclass(frozen=True, slots=True)
class Path:
    """`$…` from the whole input, `@…` from the value that is tested."""

    root: bool
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a path: some selectors, tried at the value or, with `..`, all below it too."""

    selectors: tuple[Selector, ...]
    descend: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """`[0]`, `.name`, `["name"]`"""

    key: int | str


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:end:step]`"""

    start: int | None
    end: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*`"""


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`: the value itself, if the condition holds."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """`[length()]` and its kind."""

    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left = right`, or what is on the left alone: whether there is anything."""

    left: Operand
    operator: str = ""
    right: Operand | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """`not …`"""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Junction:
    """`… and …` if ``every``, `… or …` otherwise."""

    every: bool
    conditions: tuple[Condition, ...]


Operand: TypeAlias = Value | Path
Selector: TypeAlias = Index | Slice | Wildcard | Filter | FunctionCall | Path
Condition: TypeAlias = Comparison | Not | Junction

#: The functions there are.
FUNCTIONS = ("charAt", "entries", "keys", "length", "substring", "values")
