"""Checks of a drawn graph before it may run: no dead cycle, no round without a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .drafts import Draft, Graph
from .errors import ProblemCollector, ProblemKind
from .flow import Step, StepKind

Linked: TypeAlias = Draft | Step

_WORKING = (StepKind.TASK, StepKind.LOAD, StepKind.STORE)


def check_graph(graph: Graph, reports: ProblemCollector) -> None:
    """Reports cycles and empty rounds; warns of steps that cannot fire."""
    cycle = find_cycle(graph.steps)
    if cycle:
        _report_cycle(cycle, graph, reports)
    else:
        for step in graph.steps:
            if step.back and not _round_works(step, graph.steps):
                _report_empty_round(step, graph, reports)
    for step in graph.steps[1:]:
        if len(step.predecessors) == len(step.back):
            reports.warn(step.at, never_fires(step.title, step.kind))


def never_fires(title: str, kind: StepKind) -> str:
    """The warning for a step that nothing leads to."""
    if kind is StepKind.END:
        return "nothing leads to the end: the workflow runs until it is terminated"
    if kind is StepKind.SUBFLOW_END:
        return "nothing leads to the end of the subflow: what follows it never fires"
    return f"nothing leads to {title}: it never fires"


def find_cycle(steps: Sequence[Linked]) -> list[int]:
    """Steps that wait for each other in a ring, edges back to a start aside; empty if none do."""
    missing = [len(step.predecessors) - len(step.back) for step in steps]
    back = {index: frozenset(step.back) for index, step in enumerate(steps) if step.back}
    ready = [index for index, count in enumerate(missing) if count == 0]
    while ready:
        source = ready.pop()
        for target in steps[source].successors:
            if source not in back.get(target, ()):
                missing[target] -= 1
                if missing[target] == 0:
                    ready.append(target)
    stuck = next((index for index, count in enumerate(missing) if count > 0), None)
    return [] if stuck is None else _ring(stuck, missing, steps)


def _ring(stuck: int, missing: list[int], steps: Sequence[Linked]) -> list[int]:
    """Walks back from a stuck step, always to a stuck predecessor, until the ring closes."""
    seen: dict[int, int] = {}
    trail: list[int] = []
    while stuck not in seen:
        seen[stuck] = len(trail)
        trail.append(stuck)
        # Steps that lead back to a start are stuck behind it, never in the ring that holds it up.
        inner = frozenset(steps[stuck].back)
        stuck = next(p for p in steps[stuck].predecessors if missing[p] > 0 and p not in inner)
    return trail[seen[stuck] :][::-1]


def _report_cycle(cycle: list[int], graph: Graph, reports: ProblemCollector) -> None:
    edges = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    # The edge that goes back in the text is the one somebody drew to make a loop.
    source, target = next(edge for edge in edges if edge[0] >= edge[1])
    begin, end = graph.steps[source].title, graph.steps[target].title
    names = [graph.steps[index].title for index in cycle]
    around = " → ".join(names[:10]) + (" → …" if len(names) > 10 else f" → {names[0]}")
    message = f"{end} waits for {begin}, which comes after it: {around}"
    hint = "to repeat a flow or { subflow } lead to :start; to work through a list use *"
    reports.add(ProblemKind.CYCLE, graph.edges[source, target], message, hint=hint)


def _round_works(start: Draft, steps: Sequence[Draft]) -> bool:
    """Whether each round runs at least one task, whatever guards and lists say."""
    waiting = list(start.back)
    seen = {start.index, *waiting}
    while waiting:
        step = steps[waiting.pop()]
        if step.kind in _WORKING and step.guard is None and not step.iterate:
            return True
        for before in _before(step, steps):
            if before not in seen:
                seen.add(before)
                waiting.append(before)
    return False


def _before(step: Draft, steps: Sequence[Draft]) -> Sequence[int]:
    """The steps before one in a round; past a subflow that may be skipped, not into it."""
    if step.kind is StepKind.SUBFLOW_END:
        start = steps[step.partner]
        if start.guard is not None or start.iterate:
            return (start.index,)
    inner = frozenset(step.back)
    return [index for index in step.predecessors if index not in inner]


def _report_empty_round(start: Draft, graph: Graph, reports: ProblemCollector) -> None:
    at = graph.edges[start.back[0], start.index]
    hint = "put a task without a guard into the round, for example wait:delay(- duration: 60 -)"
    reports.add(ProblemKind.LOOP, at, "a round may pass without running a task", hint=hint)
