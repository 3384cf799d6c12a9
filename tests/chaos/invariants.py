"""What must hold after any run: each check returns sentences about what does not."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.views.workflows import TraceEntry
from littleflow_redis.language import Flow

from .flows import CATEGORIES, Job
from .ledger import Effect
from .world import World

#: Changes by which an attempt is closed.
CLOSES = frozenset({"end", "continue", "fail", "retry", "requeue", "cancel"})

#: Seconds by which the clocks of Redis (whole milliseconds) and of the ledger may differ.
SLACK = 0.005

Attempt = tuple[int, int, str]


@dataclass(slots=True)
class Case:
    """One workflow at rest, with what stands in the ledger of it."""

    id: str
    job: Job
    state: str
    output: Any
    flow: Flow
    trace: Sequence[TraceEntry]
    effects: Mapping[int, Mapping[Attempt, Sequence[Effect]]]
    times: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def first(self, step: int, *what: str) -> dict[str, float]:
        """By scope, when the step first did this."""
        found: dict[str, float] = {}
        for (_, _, scope), effects in self.effects.get(step, {}).items():
            for effect in effects:
                if effect.what in what:
                    found[scope] = min(found.get(scope, effect.at), effect.at)
        return found

    def causes(self, step: int) -> set[int]:
        """The steps before it that did something, through those that did not."""
        found: set[int] = set()
        left, seen = list(self.flow.steps[step].predecessors), set[int]()
        while left:
            index = left.pop()
            if index in seen:
                continue
            seen.add(index)
            if self.effects.get(index):
                found.add(index)
            else:
                left += self.flow.steps[index].predecessors
        return found


def cases(world: World, started: Mapping[str, Job]) -> Iterator[Case]:
    """All workflows of a run, read from Redis and from the ledger."""
    effects: dict[str, dict[int, dict[Attempt, list[Effect]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for effect in world.ledger.effects():
        effects[effect.workflow][effect.step][effect.attempt].append(effect)
    for id, job in started.items():
        view = world.engine.state(id)
        yield Case(
            id, job, view.state, view.output, world.engine.views.flow(id),
            list(world.engine.trace(id)), effects[id],
        )  # fmt: skip


def finishes(case: Case) -> Iterator[str]:
    """It finished, with the output of an undisturbed run."""
    if case.state != WorkflowState.FINISHED:
        yield f"it is {case.state}"
    elif case.output != case.job.output:
        yield f"its output is {case.output!r}, undisturbed it is {case.job.output!r}"


def closes_once(case: Case) -> Iterator[str]:
    """Every attempt that was handed out was closed, and once."""
    opened = Counter(_attempt(e) for e in case.trace if e.what == "queue")
    closed = Counter(_attempt(e) for e in case.trace if e.what in CLOSES and e.attempt > 0)
    for attempt, times in opened.items():
        if times > 1:
            yield f"attempt {attempt} was handed out {times} times"
        # The end of a workflow cancels what is open without a word for each.
        if closed[attempt] != 1:
            yield f"attempt {attempt} was closed {closed[attempt]} times"
    for attempt in closed.keys() - opened.keys():
        yield f"attempt {attempt} was closed and never handed out"


def happens(case: Case) -> Iterator[str]:
    """Each end that was applied is that of work that was done."""
    for entry in case.trace:
        if entry.what != "end" or entry.attempt == 0:
            continue
        index, _, scope = entry.field.partition("@")
        if case.flow[int(index)].base.partition(":")[0] not in CATEGORIES:
            continue
        done = case.effects.get(int(index), {}).get((entry.activation, entry.attempt, scope), ())
        if not any(effect.what == "end" for effect in done):
            yield f"the end of {_attempt(entry)} was applied, and nobody did the work"


def follows(case: Case) -> Iterator[str]:
    """Nothing begins before what leads to it has ended."""
    if case.job.form == "loop":
        return
    for step in case.effects:
        begins = case.first(step, "begin")
        for cause in case.causes(step):
            ends = case.first(cause, "end", "fail")
            for scope, begin in begins.items():
                late = [s for s, at in ends.items() if _same_path(scope, s) and at > begin]
                if late or not ends:
                    yield f"step {step}@{scope} began before step {cause} had ended ({late})"


def terminal_states_absorb(case: Case) -> Iterator[str]:
    """After an end nothing happens but what is late, and nothing is handed out before a restart."""
    state = ""
    for entry in case.trace:
        if not entry.field:
            state = entry.what
        elif state == WorkflowState.FINISHED and entry.what not in ("late", "cancel"):
            yield f"{entry.what} of {_attempt(entry)} after the end"
        elif state in (WorkflowState.FAILED, WorkflowState.TERMINATED) and entry.what == "queue":
            yield f"{_attempt(entry)} was handed out while the workflow was {state}"


def no_timer_is_early(case: Case) -> Iterator[str]:
    """Delays, and the delays before retries, are as long as they say."""
    for step in case.flow.steps:
        if step.base == "wait:delay" and case.job.form != "loop":
            ends = [at for c in case.causes(step.index) for at in case.first(c, "end").values()]
            duration = step.parameters["duration"]
            for successor in step.successors:
                begins = case.first(successor, "begin").values()
                passed = min(begins, default=math.inf) - max(ends, default=0)
                if passed < duration - SLACK:
                    yield f"step {successor} began {passed} s after, not {duration}"
        yield from _early_retries(case, step.index)


def _early_retries(case: Case, index: int) -> Iterator[str]:
    policy = case.flow.steps[index].options.get("$retry")
    if not isinstance(policy, Mapping) or case.job.form != "retry":
        return
    attempts = case.effects.get(index, {})
    for (activation, number, scope), effects in attempts.items():
        fails = [effect.at for effect in effects if effect.what == "fail"]
        after = attempts.get((activation, number + 1, scope), ())
        begins = [effect.at for effect in after if effect.what == "begin"]
        if fails and begins and min(begins) - min(fails) < policy["delay"] - SLACK:
            yield f"the retry of step {index} began {min(begins) - min(fails)} s after the failure"


def latches_open_once(case: Case) -> Iterator[str]:
    """Who counts down goes on when the last holder has released, once."""
    for step in case.flow.steps:
        if step.base != "wait:countdown":
            continue
        ends = [e for e in case.trace if e.field == str(step.index) and e.what == "end"]
        if len(ends) != 1:
            yield f"the latch opened {len(ends)} times"
        holders = {
            cause
            for other in case.flow.steps
            if other.base == "wait:release"
            for cause in case.causes(other.index)
        }
        released = [at for holder in holders for at in case.first(holder, "end").values()]
        for successor in step.successors:
            begins = case.first(successor, "begin").values()
            if begins and released and min(begins) < max(released):
                yield "the latch opened before its last holder was done"


CHECKS: tuple[Callable[[Case], Iterator[str]], ...] = (
    finishes,
    closes_once,
    happens,
    follows,
    terminal_states_absorb,
    no_timer_is_early,
    latches_open_once,
)


def violations(case: Case) -> list[str]:
    """Everything that does not hold of one workflow."""
    return [
        f"{case.id} ({case.job.form}): {check.__name__}: {sentence}"
        for check in CHECKS
        for sentence in check(case)
    ]


def duplicates(case: Case) -> int:
    """How often work was done once more than needed."""
    return sum(
        max(0, sum(effect.what == "end" for effect in effects) - 1)
        for attempts in case.effects.values()
        for effects in attempts.values()
    )


def _attempt(entry: TraceEntry) -> str:
    return f"{entry.field}#{entry.activation}.{entry.attempt}"


def _same_path(one: str, other: str) -> bool:
    """Whether one scope lies within the other."""
    return (
        one == other
        or f"{one}.".startswith(f"{other}." if other else "")
        or (f"{other}.".startswith(f"{one}." if one else ""))
    )
