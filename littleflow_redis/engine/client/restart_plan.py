"""Restarting from named steps: which steps begin anew, and what still counts of those before."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from littleflow_redis.language import Flow, Step, StepKind

from ..model import json_values
from ..model.errors import NotRestartable
from ..model.states import StepState
from ..store.flow_codec import depth, iterates
from ..views.workflows import WorkflowView

#: Digits of what is read as a step's index: no flow has more steps, and Python reads no number of
#: thousands of digits.
_MOST_DIGITS = 9


def plan(
    flow: Flow, view: WorkflowView, names: Sequence[int | str], input: Any
) -> dict[str, Any] | None:
    """The plan of these steps, indexes or names, for the script ``restart``; None for none.

    ``input`` replaces the input of the one step, null too; ABSENT does not. Raises
    NotRestartable, BadValue.
    """
    chosen = {find(flow, name).index for name in names}
    if not chosen:
        if input is not json_values.ABSENT:
            raise NotRestartable("an input is for a step: name the one to restart from")
        return None
    if input is not json_values.ABSENT and len(chosen) != 1:
        raise NotRestartable("an input is for one step: name one step to restart from")
    # A step that follows from another one begins anew by itself.
    chosen = {
        index for index in chosen if not any(index in _after(flow, {o}) - {o} for o in chosen)
    }
    follows = _after(flow, chosen)
    heads = list(_heads(flow, follows))
    for index in chosen:
        _check(flow, view, flow[index], {head for head, *_ in heads})
    # One that was archived when it had FINISHED, and restored, says so by its end alone.
    if view.steps[-1].state is StepState.ENDED and len(flow) - 1 not in follows:
        raise NotRestartable(f"{view.id} has FINISHED, and nothing of that follows from the step")
    return {
        "from": sorted(chosen),
        "steps": [[i, *_outside(flow, i, follows)] for i in sorted(follows)],
        "heads": heads,
        "order": _order(flow),
        "input": _text(input),
    }


def _text(input: Any) -> str:
    if input is json_values.ABSENT:
        return ""
    return json_values.output_text(json_values.dump(input), "the input")


def find(flow: Flow, name: int | str) -> Step:
    """The step of this index or name. Raises NotRestartable if there is none, or several."""
    if isinstance(name, int) or (name.isdecimal() and len(name) <= _MOST_DIGITS):
        index = int(name)
        if 0 <= index < len(flow):
            return flow[index]
        raise NotRestartable(f"there is no step {index}: the last one is {len(flow) - 1}")
    found = [step for step in flow.steps if step.label == name]
    if len(found) == 1:
        return found[0]
    if found:
        indexes = ", ".join(str(step.index) for step in found)
        raise NotRestartable(f"several steps are called {name!r}: name one by its index, {indexes}")
    close = difflib.get_close_matches(name, {step.label for step in flow.steps})
    hint = f"did you mean {', '.join(close)}?" if close else "`inspect` lists them"
    raise NotRestartable(f"no step is called {name[:80]!r}: {hint}")


def _before(step: Step) -> list[int]:
    """Predecessors, without those that lead back from within."""
    return [index for index in step.predecessors if index not in step.back]


def _after(flow: Flow, chosen: set[int]) -> set[int]:
    """These steps and all that follow, not counting what leads back (`→ :start`)."""
    found, waiting = set(chosen), list(chosen)
    while waiting:
        index = waiting.pop()
        for next_ in flow[index].successors:
            if next_ not in found and index not in flow[next_].back:
                found.add(next_)
                waiting.append(next_)
    return found


def _outside(flow: Flow, index: int, follows: set[int]) -> list[int]:
    """From which steps elsewhere a step gets inputs."""
    return [source for source in _before(flow[index]) if source not in follows]


def _heads(flow: Flow, follows: set[int]) -> Iterator[list[int]]:
    """Starts of loops that do not begin anew while some that lead back to them do."""
    for step in flow.steps:
        if step.index not in follows and any(back in follows for back in step.back):
            yield [step.index, *(back for back in step.back if back not in follows)]


def _order(flow: Flow) -> list[list[int]]:
    """Each step behind those before it, with those; nothing for a flow without loops."""
    if not any(step.back for step in flow.steps):
        return []
    missing = {step.index: len(_before(step)) for step in flow.steps}
    ready = [index for index, count in missing.items() if not count]
    order = []
    while ready:
        index = ready.pop()
        order.append([index, *_before(flow[index])])
        for next_ in flow[index].successors:
            if index not in flow[next_].back:
                missing[next_] -= 1
                if not missing[next_]:
                    ready.append(next_)
    return order


def _check(flow: Flow, view: WorkflowView, step: Step, heads: set[int]) -> None:
    """Raise NotRestartable if this step cannot begin anew now."""
    what = f"step {step.index} ({step.label})"
    around = _iteration(flow, step)
    if around is not None:
        raise NotRestartable(
            f"{what} runs once per item: restart from its iteration, step {around}"
        )
    if step.index and not _before(step):
        raise NotRestartable(f"{what} never runs: nothing leads to it")
    counts = _counting(flow, view, heads)
    for index in _before(step):
        if index not in counts:
            raise NotRestartable(
                f"{what} waits for step {index} ({view.steps[index].name}), which has not ended, "
                "or not in this round: restart from a step before it"
            )


def _counting(flow: Flow, view: WorkflowView, heads: set[int]) -> set[int]:
    """Steps that have ended, in the present round of their loops; the script does the same.

    Whatever got its inputs has begun, if nothing held it; so what has ended and does not follow
    from steps that count ended in a round before.
    """
    over = {step.index for step in view.steps if step.state.done} | heads
    order, counting = _order(flow), set[int]()
    for index, *sources in order:
        step = flow[index]
        if step.kind is StepKind.SUBFLOW_END and view.steps[index].state is StepState.SKIPPED:
            sources = [step.partner]
        held = view.steps[index].waiting >= max(step.threshold, 1)
        if index in over and not held and counting.issuperset(sources):
            counting.add(index)
    return counting if order else over


def _iteration(flow: Flow, step: Step) -> int | None:
    """The iteration that has to begin anew for this step to do so, None if it can by itself."""
    if step.kind is StepKind.SUBFLOW_END and iterates(flow, step):
        step = flow[step.partner]
        return _iteration(flow, step) or step.index
    found, index = None, step.index
    while depth(flow, flow[index]):
        index = flow[index].parent
        found = index
    return found
