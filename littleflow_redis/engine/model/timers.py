"""Timers: what becomes due, and which members of ``workflows:timers`` stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TimerKind(StrEnum):
    """The purpose of a timer.

    The first three belong to steps without an open attempt. All others end with the attempt that
    they name.
    """

    #: It has its inputs; Python computes them.
    READY = "ready"
    #: The same, with inputs that came back from within (`→ :start`).
    ROUND = "round"
    #: Its next attempt is due.
    RETRY = "retry"
    #: Nobody started it in time.
    QUEUE = "queue"
    #: It took too long.
    TIMEOUT = "timeout"
    #: Its wait is over.
    WAKE = "wake"
    #: The event that it waits for did not come in time.
    LAPSE = "lapse"
    #: The latch that it waits for is at zero.
    LATCH = "latch"
    #: Nobody has it any more, and its workflow is to be TERMINATED.
    CANCEL = "cancel"
    #: It may have run, nobody has it any more, and it must not run twice.
    LOST = "lost"

    @property
    def fires(self) -> bool:
        return self in (TimerKind.READY, TimerKind.ROUND, TimerKind.RETRY)


@dataclass(frozen=True, slots=True)
class Timer:
    """A member of ``workflows:timers``; ``field``: see Keys; ``rest``: activation or token."""

    kind: TimerKind
    workflow: str
    field: str
    rest: str

    @staticmethod
    def known(member: bytes) -> bool:
        """Whether a member is a timer of this version; a newer one may have other kinds."""
        return member.partition(b"|")[0].decode("ascii", "replace") in list(TimerKind)

    @classmethod
    def read(cls, member: bytes) -> Timer:
        kind, workflow, field, rest = member.decode().split("|")
        return cls(TimerKind(kind), workflow, field, rest)

    def __str__(self) -> str:
        return f"{self.kind}|{self.workflow}|{self.field}|{self.rest}"

    @property
    def index(self) -> int:
        return int(self.field.partition("@")[0])

    @property
    def scope(self) -> str:
        return self.field.partition("@")[2]
