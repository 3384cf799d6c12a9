"""Whether the app has the tasks that flows name."""

from __future__ import annotations

from collections.abc import Iterator

from littleflow_redis.bridges.doctor.finding import Finding, Level
from littleflow_redis.bridges.doctor.subject import Subject, listed
from littleflow_redis.bridges.names import Ambiguous, Unknown
from littleflow_redis.engine.listing import Query
from littleflow_redis.engine.messages import category_of
from littleflow_redis.engine.states import WorkflowState
from littleflow_redis.language import Flow, StepKind

#: Workflows that have not finished whose flows are looked at, the newest first.
MOST = 500


def tasks(subject: Subject) -> Iterator[Finding]:
    bases: dict[str, None] = {}
    for flow in _flows(subject):
        for step in flow.steps:
            if step.kind is StepKind.TASK and category_of(step.base) in subject.categories:
                bases[step.base] = None
    for base in bases:
        match subject.names.resolve(base):
            case Unknown(close=close):
                near = f"; there is {listed(close)}" if close else ""
                found = f"a flow names {base}, and the app has no such task{near}"
            case Ambiguous(candidates=several):
                found = f"a flow names {base}, which could be {listed(several)}"
            case _:
                continue
        advice = f"bridge --map {base}=TASK, or import the module that has it in the app"
        yield Finding("tasks", Level.ERROR, found, "such steps fail at once", advice)


def _flows(subject: Subject) -> Iterator[Flow]:
    yield from subject.flows
    unfinished = (WorkflowState.RUNNING, WorkflowState.FAILED)
    page = subject.client.search(Query(states=unfinished), size=MOST)
    seen = set()
    for each in page.items:
        try:
            flow = subject.client.flows.of(each.id)
        except LookupError:
            continue  # It was deleted just now.
        if id(flow) not in seen:
            seen.add(id(flow))
            yield flow
