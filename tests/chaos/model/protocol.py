"""One task of a workflow, from its start-task to its applied end, with everybody who touches it.

What Redis, the broker and the processes hold is a tuple of values (``state``). An action changes
them as one call does in the code, a script as a whole; the processes' own memory is ``Hand``.
Between any two actions a process may be killed: then its memory is gone. It may also be stopped,
and go on after others took over its work: so an entry may be claimed from whoever has it, at any
time. That is what a lost reply comes to as well.

A rule that is off is a mutation: the code with that mistake.
"""

from __future__ import annotations

from collections.abc import Callable

from . import celery, ending, handing, upsets
from .state import Bounds, Rules, State, Steps

_ACTIONS: tuple[Callable[[State, Bounds, Rules], Steps], ...] = (
    handing.read,
    handing.take,
    handing.publish,
    handing.work,
    celery.end,
    celery.sweep,
    ending.read,
    ending.apply,
    ending.expire,
    ending.retry,
    upsets.crash,
    upsets.lose_stream,
    upsets.reconcile,
)


def steps(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """Every action that is possible now, and what it leads to."""
    for action in _ACTIONS:
        yield from action(s, bounds, rules)
