"""The compiled flow: a sparse graph of numbered steps.

Steps are numbered from 0 (the start) to n-1 (the end), in the order in which littleflow numbers
them, so that ``F`` and ``T`` of :mod:`littleflow` and ours agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


class StepKind(StrEnum):
    """The kind of a step; it decides the effect of firing it."""

    START = "start"
    END = "end"
    TASK = "task"
    LITERAL = "literal"
    LOAD = "load"
    STORE = "store"
    SUBFLOW_START = "subflow-start"
    SUBFLOW_END = "subflow-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of a flow.

    ``predecessors`` and ``successors`` are ascending step indexes. A step fires when as many tokens
    arrived as it has predecessors (``threshold``).
    """

    index: int
    kind: StepKind
    #: The name written in the text; empty for steps that have none.
    name: str = ""
    #: The task that serves it: the declared base (`@task name = base`), else the name.
    base: str = ""
    #: The task's parameters; no key starts with `$`.
    parameters: Json = None
    #: The engine's options: the parameters that start with `$`, with their `$`.
    options: Mapping[str, Json] = field(default_factory=dict)
    #: The output of a literal source.
    value: Json = None
    #: Base URI and path of a resource, as written between `<` and `>`.
    uri: str = ""
    doc: str | None = None
    #: `>`: several inputs are merged into one object before the step sees them.
    merge: bool = False
    #: A jsonpath2 expression on the input; the step (or whole subflow) is skipped without a match.
    guard: str | None = None
    #: `*`: one activation per item of the input list. On a subflow start: of the whole subflow.
    iterate: bool = False
    #: The end of a subflow start, the start of a subflow end, otherwise -1.
    partner: int = -1
    #: The subflow start that encloses this step, 0 for the outermost flow; a subflow's own start
    #: and end belong to the flow around them.
    parent: int = 0
    predecessors: tuple[int, ...] = ()
    successors: tuple[int, ...] = ()
    #: Those of ``predecessors`` that lead back here from within (`→ :start`).
    back: tuple[int, ...] = ()
    #: Its place in the text, both from 1; 0 without one.
    line: int = 0
    column: int = 0

    @property
    def label(self) -> str:
        """Its label in tables: its name, or its kind."""
        return self.name or self.kind.value

    @property
    def category(self) -> str:
        """The part of ``base`` before the first colon; empty if there is none."""
        head, colon, _ = self.base.partition(":")
        return head if colon else ""

    @property
    def threshold(self) -> int:
        """Tokens that make it fire: its in-degree without back edges, at least 1 for a start."""
        outer = len(self.predecessors) - len(self.back)
        return max(outer, 1) if self.kind is StepKind.START else outer


@dataclass(frozen=True, slots=True)
class Flow:
    """A compiled workflow text.

    ``input`` is the workflow's default input (`@flow name (- … -)`), merged under the given one.
    ``warnings`` are sentences for people, such as a step that nothing leads to.
    """

    steps: tuple[Step, ...]
    name: str | None = None
    doc: str | None = None
    input: Json = None
    source: str | None = None
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Step:
        return self.steps[index]

    def at_start(self, index: int) -> bool:
        """Whether a step gets what the flow starts with, as it is.

        Its only predecessor is the flow's start, reached through nothing but starts of subflows,
        and nothing on the way iterates.
        """
        step = self.steps[index]
        while not step.iterate and len(step.predecessors) - len(step.back) == 1:
            (before,) = set(step.predecessors) - set(step.back)
            step = self.steps[before]
            if step.kind is StepKind.START:
                return True
            if step.kind is not StepKind.SUBFLOW_START:
                return False
        return False

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """All edges as (from, to), ascending."""
        return tuple((step.index, to) for step in self.steps for to in step.successors)
