"""Measuring a row: both sides in turn, so that whatever the machine does meanwhile hits both."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.row import Hung, Measure, Race, Row, Side

#: How often a run that hangs is repeated, on processes started anew.
REPEATS = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What one side reached, run by run; ``hung`` runs had no end and were repeated."""

    name: str
    runs: Sequence[float]
    hung: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.runs)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measured row. Each ratio is ours ÷ peer of two runs that followed each other."""

    row: Row
    work: str
    ours: Figures
    peer: Figures

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours.runs, self.peer.runs, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool:
        """Tell if the goal is reached."""
        return self.row.met(self.ratio)


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A row that could not be measured, and why."""

    row: Row
    work: str
    reason: str


Result = Comparison | Unmeasured


def compare(row: Row, race: Race, runs: int, progress: Callable[[str], None]) -> Comparison:
    """Measure both sides ``runs`` times: ours, peer, ours, peer.

    Raises Hung if a run hangs again and again, and what a side raises that cannot be measured.
    """
    progress(f"{row.key}: starting the processes")
    with ExitStack() as stack:
        ours = stack.enter_context(_Stand(race.ours, progress))
        peer = stack.enter_context(_Stand(race.peer, progress))
        for number in range(1, runs + 1):
            ours.run()
            peer.run()
            progress(
                f"{row.key}: run {number} of {runs}: {shown(ours.figures[-1])} and "
                f"{shown(peer.figures[-1])} {row.unit}"
            )
        return Comparison(row, race.work, ours.outcome, peer.outcome)


def shown(figure: float) -> str:
    """A figure for people: three digits at least, if it has them."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


class _Stand:
    """A side with its processes; they are replaced if a run hangs."""

    def __init__(self, side: Side, progress: Callable[[str], None]) -> None:
        self.figures: list[float] = []
        self._side = side
        self._progress = progress
        self._hung = 0
        self._processes = ExitStack()

    def __enter__(self) -> _Stand:
        self._measure = self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self._processes.close()

    @property
    def outcome(self) -> Figures:
        return Figures(self._side.name, self.figures, self._hung)

    def run(self) -> None:
        """Measure once."""
        for repeat in range(REPEATS + 1):
            try:
                self.figures.append(self._measure())
                return
            except Hung as error:
                self._hung += 1
                self._progress(f"{self._side.name}: hung: {error}")
                if repeat == REPEATS:
                    raise
            self._processes.close()
            self._measure = self._start()

    def _start(self) -> Measure:
        return self._processes.enter_context(self._side.setup())
