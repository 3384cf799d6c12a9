"""The graph while it is drawn: steps with growing lists of neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import ProblemCollector, ProblemKind
from .flow import Json, Step, StepKind
from .syntax import NO_OPTIONS


@dataclass(slots=True)
class Draft:
    """A step that is not yet complete; the fields are those of :class:`.flow.Step`."""

    index: int
    kind: StepKind
    parent: int
    line: int = 0
    column: int = 0
    name: str = ""
    base: str = ""
    parameters: Json = None
    options: Mapping[str, Json] = field(default_factory=lambda: NO_OPTIONS)
    value: Json = None
    uri: str = ""
    doc: str | None = None
    merge: bool = False
    guard: str | None = None
    iterate: bool = False
    partner: int = -1
    predecessors: list[int] = field(default_factory=list)
    successors: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)

    @property
    def at(self) -> tuple[int, int]:
        """Line and column."""
        return self.line, self.column

    @property
    def title(self) -> str:
        """Its name for people."""
        if self.name or self.uri:
            return self.name or self.uri
        return {StepKind.LITERAL: "the literal", StepKind.START: "the start"}.get(
            self.kind, "the subflow"
        )

    def freeze(self) -> Step:
        """The step as others see it."""
        return Step(
            index=self.index,
            kind=self.kind,
            name=self.name,
            base=self.base,
            parameters=self.parameters,
            options=self.options,
            value=self.value,
            uri=self.uri,
            doc=self.doc,
            merge=self.merge,
            guard=self.guard,
            iterate=self.iterate,
            partner=self.partner,
            parent=self.parent,
            predecessors=tuple(sorted(self.predecessors)),
            successors=tuple(sorted(self.successors)),
            back=tuple(sorted(self.back)),
            line=self.line,
            column=self.column,
        )


class Graph:
    """Steps and edges, within the limits."""

    def __init__(self, reports: ProblemCollector) -> None:
        self._reports = reports
        self.steps: list[Draft] = []
        #: Each edge, with where the text draws it.
        self.edges: dict[tuple[int, int], tuple[int, int]] = {}

    def add(self, kind: StepKind, parent: int, at: tuple[int, int] = (0, 0)) -> Draft:
        """Appends a step, numbered by its place.

        Raises:
            TooManyProblems: there are as many as the limits allow.
        """
        limit = self._reports.limits.steps
        if len(self.steps) >= limit:
            hint = "split the flow, or raise the limit 'steps'"
            raise self._reports.stop(at, f"more than {limit} steps", hint=hint)
        draft = Draft(len(self.steps), kind, parent, *at)
        self.steps.append(draft)
        return draft

    def connect(self, source: int, target: int, at: tuple[int, int], *, back: bool = False) -> None:
        """Draws an edge; one that is there already is a problem."""
        if (source, target) in self.edges:
            begin, end = self.steps[source].title, self.steps[target].title
            line, column = self.edges[source, target]
            hint = f"it is drawn already, at {line}:{column}; leave out one of the two"
            message = f"a second edge from {begin} to {end}"
            self._reports.add(ProblemKind.EDGE, at, message, hint=hint)
            return
        limit = self._reports.limits.edges
        if len(self.edges) >= limit:
            hint = "split the flow, or raise the limit 'edges'"
            raise self._reports.stop(at, f"more than {limit} edges", hint=hint)
        self.edges[source, target] = at
        self.steps[source].successors.append(target)
        self.steps[target].predecessors.append(source)
        if back:
            self.steps[target].back.append(source)
