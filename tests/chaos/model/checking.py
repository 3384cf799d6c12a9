"""Every state that the protocol can come to, and the shortest way to a bad one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .protocol import steps
from .state import Bounds, Rules, State, begin


@dataclass(frozen=True, slots=True)
class Result:
    """``problem`` is what does not hold, empty if all does; ``way`` leads to it."""

    states: int
    problem: str = ""
    way: tuple[str, ...] = ()


def check(bounds: Bounds, rules: Rules | None = None) -> Result:
    """Explore all; stop at the first state, in the order of their distance, that is bad."""
    rules = rules or Rules()
    first = begin(bounds)
    came: dict[State, tuple[State, str] | None] = {first: None}
    before: dict[State, list[State]] = {}
    goals: list[State] = []
    left = deque([first])
    while left:
        state = left.popleft()
        problem, any_step = _bad(state, bounds), False
        for name, after in steps(state, bounds, rules):
            any_step = True
            if state.outcome and (after.outcome, after.followed) != (state.outcome, state.followed):
                problem = "an end was changed after it"
            before.setdefault(after, []).append(state)
            if after not in came:
                came[after] = state, name
                left.append(after)
        if not any_step:
            problem = problem or _left_over(state)
        if problem:
            return Result(len(came), problem, _way(came, state))
        if state.outcome:
            goals.append(state)
    stuck = came.keys() - _leading_to(goals, before)
    if stuck:
        # The one with the fewest steps behind it.
        state = next(state for state in came if state in stuck)
        return Result(len(came), "from here it never ends", _way(came, state))
    return Result(len(came))


def _bad(s: State, bounds: Bounds) -> str:
    if bounds.once and len(set(s.effects)) < len(s.effects):
        return "what must not run twice did"
    if bounds.once and len(s.effects) > 1 and not bounds.failures:
        return "another attempt ran what must not run twice"
    if len(set(s.applied)) < len(s.applied):
        return "an end was applied twice"
    if s.followed > 1:
        return "what follows was started twice"
    if s.outcome == "ended" and s.applied[-1] not in s.effects:
        return "an end was applied, and nobody did the work"
    return ""


def _left_over(s: State) -> str:
    if not s.outcome:
        return "it stands still"
    if s.open or s.starts or s.pending or s.ends or s.unapplied or s.flights:
        return "at rest something is left"
    return ""


def _leading_to(goals: list[State], before: dict[State, list[State]]) -> set[State]:
    found, left = set(goals), list(goals)
    while left:
        for state in before.get(left.pop(), ()):
            if state not in found:
                found.add(state)
                left.append(state)
    return found


def _way(came: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    names: list[str] = []
    while (step := came[state]) is not None:
        state, name = step
        names.append(name)
    return tuple(reversed(names))
