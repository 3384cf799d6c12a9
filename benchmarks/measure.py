"""Measuring a row: both sides in turn, so that whatever the machine does meanwhile hits both."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.row import Race, Row


@dataclass(frozen=True, slots=True)
class Figures:
    """What one side reached, run by run."""

    name: str
    runs: Sequence[float]

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

    Raises what a side raises that cannot be measured.
    """
    progress(f"{row.key}: starting the processes")
    ours: list[float] = []
    peer: list[float] = []
    with race.ours.setup() as measure_ours, race.peer.setup() as measure_peer:
        for number in range(1, runs + 1):
            ours.append(measure_ours())
            peer.append(measure_peer())
            progress(
                f"{row.key}: run {number} of {runs}: {ours[-1]:,.0f} and {peer[-1]:,.0f} {row.unit}"
            )
    return Comparison(row, race.work, Figures(race.ours.name, ours), Figures(race.peer.name, peer))
