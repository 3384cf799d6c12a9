"""Flows as graphs for drawing: nodes, clusters and edges as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from littleflow_redis.language import Flow, Step, StepKind, title

from .workflows import WorkflowView

_SUBFLOWS = (StepKind.SUBFLOW_START, StepKind.SUBFLOW_END)


def graph(flow: Flow, view: WorkflowView | None = None) -> dict[str, Any]:
    """``nodes``, ``clusters`` and ``edges``; with the states of a workflow if it is given.

    A subflow is a cluster, called by the ``index`` of its start; ``end`` is its end, and both are
    nodes within. ``parent`` is the cluster around a node or cluster, -1 for none. An edge that
    leads to a guarded step has its ``guard``; one is ``back`` that leads to a start from within.
    """
    return {
        "nodes": [_node(step, view) for step in flow.steps],
        "clusters": list(_clusters(flow)),
        "edges": list(_edges(flow)),
    }


def _node(step: Step, view: WorkflowView | None) -> dict[str, Any]:
    now = view.steps[step.index] if view else None
    parent = step.partner if step.kind is StepKind.SUBFLOW_END else step.index
    return {
        "index": step.index,
        "name": step.label,
        "label": title(step) or step.kind.value,
        "kind": step.kind.value,
        "base": step.base,
        "category": step.category,
        "parent": parent if step.kind in _SUBFLOWS else _around(step),
        "state": now.state.value if now else None,
        "activations": now.activations if now else 0,
        "attempts": now.attempts if now else 0,
        "line": step.line,
        "column": step.column,
    }


def _around(step: Step) -> int:
    return step.parent or -1


def _clusters(flow: Flow) -> Iterator[dict[str, Any]]:
    for step in flow.steps:
        if step.kind is StepKind.SUBFLOW_START:
            yield {
                "index": step.index,
                "end": step.partner,
                "parent": _around(step),
                "label": title(step),
            }


def _edges(flow: Flow) -> Iterator[dict[str, Any]]:
    for step in flow.steps:
        for to in step.successors:
            target = flow[to]
            edge: dict[str, Any] = {"from": step.index, "to": to, "back": step.index in target.back}
            if target.guard is not None:
                edge["guard"] = target.guard
            yield edge
