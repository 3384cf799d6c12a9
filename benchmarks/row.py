"""What a row of the table is: two sides that do the same work, and what is expected of ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

#: Does the work once and returns the figure, in the row's unit.
Measure = Callable[[], float]


#: Seconds after which a peer's run counts as hung.
PATIENCE = 60.0


class Hung(RuntimeError):
    """A run had no end in PATIENCE seconds, though nothing died; it may be repeated."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: ``setup`` starts its processes, warmed up, and gives what measures them."""

    name: str
    setup: Callable[[], AbstractContextManager[Measure]]


@dataclass(frozen=True, slots=True)
class Race:
    """The work of a row at one size, for people, and the two sides that do it."""

    work: str
    ours: Side
    peer: Side


@dataclass(frozen=True, slots=True)
class Row:
    """A row: ``race`` makes it for a scale, where 1 is the size that ``goal`` is set for.

    ``goal`` is for ours ÷ peer: the least, or the most where ``lower_is_better``; None if there
    is none.
    """

    key: str
    unit: str
    goal: float | None
    race: Callable[[float], Race]
    lower_is_better: bool = False

    def met(self, ratio: float) -> bool:
        """Tell if this ratio reaches the goal, if there is one."""
        if self.goal is None:
            return True
        return ratio <= self.goal if self.lower_is_better else ratio >= self.goal


def scaled(amount: int, scale: float) -> int:
    """``amount`` at this scale, never nothing."""
    return max(1, round(amount * scale))
