"""Which fault comes when: drawn from the seed alone, so that a seed that failed fails again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

#: Seconds of calm before the first fault, and between two: enough for some work to be done.
FIRST, PAUSES = 3.0, (0.5, 5.0)

#: Seconds that a fault lasts, if it lasts at all.
LASTING = (1.0, 12.0)


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault ``at`` some second of the run; it draws the rest from ``seed``."""

    at: float
    fault: str
    lasting: float
    seed: str

    def __str__(self) -> str:
        return f"{self.at:7.1f} s  {self.fault}, {self.lasting:.1f} s"


def plan(seed: int, seconds: float, faults: Collection[str]) -> list[Planned]:
    """Faults for so many seconds, one after the other, drawn from these."""
    rng = Random(f"faults {seed}")
    names = [*faults]
    planned: list[Planned] = []
    at = FIRST
    while names and at < seconds:
        # Each once before any comes again: a short run has them all too.
        for name in rng.sample(names, len(names)):
            if at >= seconds:
                break
            lasting = rng.uniform(*LASTING)
            planned.append(Planned(at, name, lasting, f"{seed} {len(planned)}"))
            at += lasting / 2 + rng.uniform(*PAUSES)
    return planned
