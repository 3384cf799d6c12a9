"""To and from the ``Flow`` of the littleflow package, which is loaded when it is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .flow import Flow, Step, StepKind
from .loading import load
from .saving import save

if TYPE_CHECKING:
    import littleflow


def from_littleflow(flow: littleflow.Flow) -> Flow:
    """The same flow in our form.

    Raises:
        ValueError: it has no start or end, or steps that wait for each other.
    """
    sources, targets = flow.F.nonzero()
    edges = [[int(source), int(target)] for source, target in zip(sources, targets, strict=True)]
    kept = [
        [type(step).__name__, dict(vars(step))] for step in map(flow.__getitem__, range(len(flow)))
    ]
    return replace(load({"T": kept, "edges": edges}), name=flow.name)


def to_littleflow(flow: Flow) -> littleflow.Flow:
    """The same flow in littleflow's form; `$` options, positions and the default input are dropped.

    Raises:
        ValueError: littleflow has nothing that means the same, such as a guard.
    """
    import littleflow

    for step in flow.steps:
        what = _beyond(step)
        if what:
            raise ValueError(f"littleflow cannot express {what} (step {step.index} {step.name})")
    made = littleflow.Flow(len(flow), name=flow.name)
    for name, fields in save(flow, text=False)["T"]:
        made[fields["index"]] = _class(name)(**fields)
    for source, target in flow.edges:
        made.F[source, target] = 1
    return made


def _class(name: str) -> type:
    import littleflow.flow

    found: type = getattr(littleflow.flow, name)
    return found


def _beyond(step: Step) -> str:
    """The part of a step that littleflow has no form for; empty if it has one for all."""
    if step.guard is not None:
        return "a guard"
    if step.iterate:
        return "iteration"
    if step.back:
        return "a loop"
    return "a resource" if step.kind in (StepKind.LOAD, StepKind.STORE) else ""
