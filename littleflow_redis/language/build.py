"""The parts of a text → a graph of numbered steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from .declarations import Declarations
from .drafts import Draft, Graph
from .errors import ProblemCollector
from .flow import StepKind
from .labels import LabelEdge, Labels
from .syntax import Group, Node, Placed, Resource, Source, Statement, Task

#: Bases that serve the resources of a text; the part before the colon is the category.
LOAD_BASE = "resource:load"
STORE_BASE = "resource:store"
RESOURCE_NAME = "resource"


@dataclass(slots=True)
class _Scope:
    """A flow or subflow while its statements are gone through."""

    start: int
    depth: int
    labels: Labels
    #: Steps that lead to the end, and whether the end merges them.
    last: list[tuple[int, tuple[int, int]]] = field(default_factory=list)
    merge_end: bool = False
    #: Labels that are led to with `>`.
    merging: set[str] = field(default_factory=set)


class Builder:
    """Goes through the statements in text order, which is the order of the numbers."""

    def __init__(self, declarations: Declarations, reports: ProblemCollector) -> None:
        self._declarations = declarations
        self._reports = reports
        self.graph = Graph(reports)

    def build(self, statements: list[Statement]) -> None:
        """Draws the whole flow into ``graph``."""
        start = self.graph.add(StepKind.START, 0)
        scope = self._statements(statements, start, 1)
        self._finish(scope, self.graph.add(StepKind.END, 0))

    def _statements(self, statements: list[Statement], start: Draft, depth: int) -> _Scope:
        scope = _Scope(start.index, depth, Labels(self._reports))
        for statement in statements:
            self._statement(statement, scope)
        return scope

    def _statement(self, statement: Statement, scope: _Scope) -> None:
        current: int | None = scope.start
        if statement.source is not None and statement.source.name != "start":
            current = None
        for placed in statement.steps:
            first, last = self._placed(placed, scope)
            if current is not None:
                self.graph.connect(current, first.index, first.at)
            elif statement.source is not None:
                scope.labels.source(statement.source, first.index)
            self._label(placed, first, last, scope)
            current = last.index
        if current is not None:
            self._lead(current, statement, scope)

    def _label(self, placed: Placed, first: Draft, last: Draft, scope: _Scope) -> None:
        if placed.input_label is not None:
            scope.labels.input(placed.input_label, first.index)
        if placed.output_label is not None:
            scope.labels.output(placed.output_label, last.index)

    def _lead(self, step: int, statement: Statement, scope: _Scope) -> None:
        """Connect the last step of a statement to its destination."""
        label = statement.destination
        if label is None or label.name == "end":
            at = label.at if label is not None else self.graph.steps[step].at
            scope.last.append((step, at))
            scope.merge_end = scope.merge_end or statement.merge_destination
        elif label.name == "start":
            self.graph.connect(step, scope.start, label.at, back=True)
            if statement.merge_destination:
                self.graph.steps[scope.start].merge = True
        else:
            scope.labels.destination(label, step)
            if statement.merge_destination:
                scope.merging.add(label.name)

    def _finish(self, scope: _Scope, end: Draft) -> None:
        for edge in scope.labels.edges():
            self._connect_label(edge)
            if edge.label.name in scope.merging:
                self.graph.steps[edge.target].merge = True
        for step, at in scope.last:
            self.graph.connect(step, end.index, at)
        end.merge = scope.merge_end

    def _connect_label(self, edge: LabelEdge) -> None:
        if edge.implied and (edge.source, edge.target) in self.graph.edges:
            message = f"the label :{edge.label.name} draws an edge that an arrow draws already"
            self._reports.warn(edge.label.at, message)
        else:
            self.graph.connect(edge.source, edge.target, edge.label.at)

    def _placed(self, placed: Placed, scope: _Scope) -> tuple[Draft, Draft]:
        """Adds a step, or a subflow; returns where it is entered and where it is left."""
        node = placed.node
        group = node if isinstance(node, Group) else None
        if isinstance(node, Task):
            group = self._declarations.subflow(node.name)
        if group is not None:
            first, last = self._subflow(node, group, scope)
        else:
            first = last = self._step(node, scope)
        first.merge, first.iterate = placed.merge, placed.iterate
        first.guard = placed.guard.name if placed.guard is not None else None
        return first, last

    def _subflow(self, node: Node, group: Group, scope: _Scope) -> tuple[Draft, Draft]:
        at = (node.line, node.column)
        limit = self._reports.limits.nesting
        if scope.depth > limit:
            raise self._reports.stop(at, f"more than {limit} levels of {{ }}")
        start = self.graph.add(StepKind.SUBFLOW_START, scope.start, at)
        if isinstance(node, Task):
            self._describe(node, start)
        inner = self._statements(group.statements, start, scope.depth + 1)
        end = self.graph.add(StepKind.SUBFLOW_END, scope.start, at)
        start.partner, end.partner = end.index, start.index
        self._finish(inner, end)
        return start, end

    def _describe(self, task: Task, start: Draft) -> None:
        """Gives a declared subflow its name, doc and options at a place where it is used."""
        start.name = task.name
        declaration = self._declarations.task(task.name)
        at = (task.line, task.column)
        options = self._declarations.subflow_options(task.parameters, task.name, at)
        if declaration is not None:
            start.doc = declaration.doc
            options = {**declaration.parameters.options, **options}
        start.options = options

    def _step(self, node: Node, scope: _Scope) -> Draft:
        at = (node.line, node.column)
        match node:
            case Task():
                draft = self.graph.add(StepKind.TASK, scope.start, at)
                self._fill_task(node, draft)
            case Source():
                draft = self.graph.add(StepKind.LITERAL, scope.start, at)
                draft.value = node.literal.value
            case Resource():
                kind = StepKind.STORE if node.store else StepKind.LOAD
                draft = self.graph.add(kind, scope.start, at)
                draft.name, draft.uri = RESOURCE_NAME, node.uri
                draft.base = STORE_BASE if node.store else LOAD_BASE
                draft.parameters = node.parameters.value or {}
                draft.options = node.parameters.options
            case Group():
                raise AssertionError("a group is a subflow, not a step")
        return draft

    def _fill_task(self, task: Task, draft: Draft) -> None:
        declaration = self._declarations.task(task.name)
        draft.name = draft.base = task.name
        draft.parameters, draft.options = self._declarations.merged(task)
        if declaration is not None:
            draft.base = declaration.base or task.name
            draft.doc = declaration.doc
