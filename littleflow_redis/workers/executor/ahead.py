"""How many tasks may be taken on ahead of a free hand."""

from __future__ import annotations

#: Seconds of work that may be taken on ahead, judged by what tasks took so far: many short ones,
#: and none that could not be begun for long.
AHEAD = 0.05

#: What one new measurement counts against all before it.
_WEIGHT = 0.2


class Ahead:
    """Measures tasks. Any thread may."""

    def __init__(self) -> None:
        #: Seconds that a task takes; the first is not known to be short.
        self._seconds = 1.0

    def measured(self, seconds: float) -> None:
        """Note how long a task ran."""
        self._seconds += _WEIGHT * (seconds - self._seconds)

    def most(self, slots: int) -> int:
        """How many tasks may be in hand, with so many slots to run them."""
        return slots + int(slots * AHEAD / max(self._seconds, 1e-6))


def worth_a_read(free: int, in_hand: int, slots: int) -> int:
    """How many of the tasks that there is room for to take from the stream now.

    None while more than half of what is allowed is in hand and no slot is free: one read for
    several tasks costs hardly more than one for each.
    """
    return free if in_hand < slots or free >= in_hand else 0
