"""The parts of a workflow text, as read and before anything is numbered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from .flow import Json


class Form(StrEnum):
    """The notation of a literal."""

    EMPTY = "empty"
    YAML = "yaml"
    OBJECT = "object"
    ARRAY = "array"


@dataclass(slots=True)
class Literal:
    """A value in the text: `(- … -)`, `({ … })`, `<[ … ]>` and so on."""

    form: Form
    #: The text between the marks.
    body: str
    #: The beginning of the body, as an offset into the text.
    start: int
    line: int
    column: int
    value: Json = None

    @property
    def at(self) -> tuple[int, int]:
        """Line and column of its opening mark."""
        return self.line, self.column


@dataclass(slots=True)
class Label:
    """A label without its colon, or a guard without its back quotes."""

    name: str
    line: int
    column: int

    @property
    def at(self) -> tuple[int, int]:
        """Line and column."""
        return self.line, self.column


#: Most steps have no options: one object for all keeps a large flow small.
NO_OPTIONS: Mapping[str, Json] = {}


@dataclass(slots=True)
class Parameters:
    """The parameters after a name: those of the task, and the `$` options for the engine."""

    literal: Literal | None = None
    value: Json = None
    options: Mapping[str, Json] = field(default_factory=lambda: NO_OPTIONS)


@dataclass(slots=True)
class Task:
    """A task, or a use of a declared one."""

    name: str
    parameters: Parameters
    line: int
    column: int


@dataclass(slots=True)
class Source:
    """A literal that begins a statement."""

    literal: Literal
    line: int
    column: int


@dataclass(slots=True)
class Resource:
    """`<uri>`, to load from or to store to."""

    uri: str
    parameters: Parameters
    store: bool
    line: int
    column: int


@dataclass(slots=True)
class Group:
    """A subflow `{ … }`, or `A|B`, which is short for one."""

    statements: list[Statement]
    line: int
    column: int


Node: TypeAlias = Task | Source | Resource | Group


@dataclass(slots=True)
class Placed:
    """A node in a statement, with the marks that stand around it."""

    node: Node
    input_label: Label | None = None
    output_label: Label | None = None
    merge: bool = False
    iterate: bool = False
    guard: Label | None = None


@dataclass(slots=True)
class Statement:
    """Steps joined by arrows; the labels it starts from and leads to, if any."""

    steps: list[Placed]
    source: Label | None = None
    destination: Label | None = None
    #: `→ > :label`
    merge_destination: bool = False


@dataclass(slots=True)
class Declaration:
    """`@flow` or `@task`."""

    #: `flow` or `task`
    kind: str
    name: str
    line: int
    column: int
    base: str | None = None
    parameters: Parameters = field(default_factory=Parameters)
    doc: str | None = None
    subflow: Group | None = None

    @property
    def at(self) -> tuple[int, int]:
        """Line and column of its name."""
        return self.line, self.column


@dataclass(slots=True)
class Program:
    """A whole text."""

    statements: list[Statement] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)

    def placed(self) -> Iterator[Placed]:
        """All steps written in the text, those within subflows and declarations included."""
        groups = [item.subflow.statements for item in self.declarations if item.subflow]
        waiting = [self.statements, *groups]
        while waiting:
            for statement in waiting.pop():
                for placed in statement.steps:
                    yield placed
                    if isinstance(placed.node, Group):
                        waiting.append(placed.node.statements)
