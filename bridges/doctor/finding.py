"""The finding of a check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. An error costs work now, a warning when something else fails; a hint is about
    what is found and repaired, but late.
    """

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"

    @property
    def weight(self) -> int:
        """For sorting: the worst is first."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: which ``check`` found it, what it is, what it ``costs``, and what to ``set``."""

    check: str
    level: Level
    found: str
    costs: str
    set: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)
