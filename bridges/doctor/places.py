"""Where tasks stand in flows: in files, and in workflows that run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.views.listing import Query
from littleflow_redis.language import Flow, Step, StepKind

#: Workflows that run whose flows are looked at, the newest first.
MOST = 500


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A task in a flow. ``where`` is a file or a workflow's id."""

    where: str
    step: Step

    @classmethod
    def all(cls, where: str, flow: Flow) -> Iterator[Self]:
        """All tasks of a flow."""
        return (cls(where, step) for step in flow.steps if step.kind is StepKind.TASK)

    @property
    def queue(self) -> str:
        """The queue that the step says itself; empty if it says none."""
        options = self.step.options.get("$celery")
        queue = options.get("queue") if isinstance(options, Mapping) else None
        return queue if isinstance(queue, str) else ""

    def __str__(self) -> str:
        step = self.step
        if self.where.startswith("workflow:") or not step.line:
            return f"{self.where} step {step.index} ({step.label})"
        return f"{self.where}:{step.line}:{step.column} ({step.label})"


def running(client: Client) -> Iterator[StorePlace]:
    """The tasks in the flows of workflows that run, of each flow once."""
    page = client.search(Query(states=(WorkflowState.RUNNING,)), size=MOST)
    seen = set()
    for each in page.items:
        try:
            flow = client.flows.of(each.id)
        except LookupError:
            continue  # It was deleted just now.
        if id(flow) not in seen:
            seen.add(id(flow))
            yield from StorePlace.all(each.id, flow)
