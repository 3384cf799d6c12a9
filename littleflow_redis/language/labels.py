"""The labels of one flow or subflow: who leads where through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import ProblemCollector, ProblemKind, close_match
from .syntax import Label

RESERVED = ("start", "end")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a labelled edge: a step, and the label as it stands there."""

    step: int
    label: Label


@dataclass(slots=True)
class _Uses:
    """All uses of one label: `A :x`, `:x A`, `:x → A`, `A → :x`."""

    output: End | None = None
    input: End | None = None
    sources: list[End] = field(default_factory=list)
    destinations: list[End] = field(default_factory=list)

    def anywhere(self) -> End:
        ends = (self.output, self.input, *self.sources, *self.destinations)
        return next(end for end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class LabelEdge:
    """An edge that a label draws; ``implied`` if it stands in no statement (`A :x`, `:x B`)."""

    source: int
    target: int
    label: Label
    implied: bool


class Labels:
    """Gathers the labels of a scope, then yields the edges they draw."""

    def __init__(self, reports: ProblemCollector) -> None:
        self._reports = reports
        self._uses: dict[str, _Uses] = {}

    def _problem(self, label: Label, message: str, *, hint: str = "") -> None:
        self._reports.add(ProblemKind.LABEL, label.at, message, hint=hint)

    def _of(self, label: Label) -> _Uses:
        return self._uses.setdefault(label.name, _Uses())

    def output(self, label: Label, step: int) -> None:
        """`A :x`"""
        if self._reserved(label, f"write → :{label.name} to lead there"):
            return
        uses = self._of(label)
        if uses.output is not None:
            self._twice(label, uses.output, "names an output")
        else:
            uses.output = End(step, label)

    def input(self, label: Label, step: int) -> None:
        """`:x A`"""
        if self._reserved(label, f"put a ; behind :{label.name} if the statement ends there"):
            return
        uses = self._of(label)
        if uses.input is not None:
            self._twice(label, uses.input, "names an input")
        else:
            uses.input = End(step, label)

    def source(self, label: Label, step: int) -> None:
        """`:x → A`"""
        self._of(label).sources.append(End(step, label))

    def destination(self, label: Label, step: int) -> None:
        """`A → :x`"""
        self._of(label).destinations.append(End(step, label))

    def _reserved(self, label: Label, hint: str) -> bool:
        if label.name not in RESERVED:
            return False
        message = f":{label.name} is reserved for the {label.name} of a flow"
        self._problem(label, message, hint=hint)
        return True

    def _twice(self, label: Label, first: End, what: str) -> None:
        line, column = first.label.at
        hint = "if it begins a statement, end the one before with ;"
        message = f":{label.name} {what} already, at {line}:{column}"
        self._problem(label, message, hint=hint)

    def edges(self) -> Iterator[LabelEdge]:
        """The edges that the labels draw; what makes no sense is reported and draws none."""
        for name, uses in self._uses.items():
            if not self._contradicts(name, uses) and not self._dangles(name, uses):
                yield from _drawn(uses)

    def _contradicts(self, name: str, uses: _Uses) -> bool:
        """Whether it is unclear who leads where; littleflow drops edges then."""
        if uses.output and uses.destinations:
            where, what = uses.destinations[0].label, "names an output and is led to"
        elif uses.input and uses.sources:
            where, what = uses.sources[0].label, "names an input and begins a statement"
        elif len(uses.sources) > 1 and len(uses.destinations) > 1:
            where, what = uses.destinations[-1].label, "joins several steps and forks to several"
        else:
            return False
        self._problem(where, f":{name} has two roles: it {what}", hint="use two labels")
        return True

    def _dangles(self, name: str, uses: _Uses) -> bool:
        """Whether a label leads nowhere or comes from nowhere."""
        if uses.sources and not uses.output and not uses.destinations:
            others = [key for key, use in self._uses.items() if use.output or use.destinations]
            what = "names no output here, and nothing leads to it"
            self._unknown(uses.sources[0].label, what, others)
        elif uses.destinations and not uses.input and not uses.sources:
            others = [key for key, use in self._uses.items() if use.input or use.sources]
            what = "names no input here, and begins no statement"
            self._unknown(uses.destinations[0].label, what, others)
        elif not uses.sources and not uses.destinations and not (uses.output and uses.input):
            label = uses.anywhere().label
            self._reports.warn(label.at, f"the label :{name} is not used")
        else:
            return False
        return True

    def _unknown(self, label: Label, what: str, others: list[str]) -> None:
        hint = close_match(label.name, others, prefix=":")
        if not hint and label.name == "end":
            hint = "nothing can follow the end"
        hint = hint or "a label holds within its own { } only"
        self._problem(label, f"unknown label :{label.name}: it {what}", hint=hint)


def _drawn(uses: _Uses) -> Iterator[LabelEdge]:
    outputs = [uses.output] if uses.output is not None else []
    for begin in uses.destinations or outputs:
        for end in uses.sources:
            yield LabelEdge(begin.step, end.step, end.label, False)
        if uses.input is not None:
            implied = uses.output is not None
            yield LabelEdge(begin.step, uses.input.step, begin.label, implied)
