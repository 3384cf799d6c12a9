"""Timers that are due by Redis' clock, whichever process set them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import ResponseError

from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.timers import Timer
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.script_batch import Call

from .version_skew import VersionSkew

LOG = logging.getLogger("littleflow_redis.worker")

#: Stuck timers remembered; beyond that they are put off at once.
MOST_STUCK = 10_000

#: Seconds that a newer worker has to fire a timer before an older one puts it off.
PATIENCE = 5.0


class StuckTimers:
    """Timers that are due and that this process cannot fire.

    They are left for other workers to fire. If none does, they are put off: otherwise a growing
    number of them would hide the others.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._since: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._since)

    def __contains__(self, member: bytes) -> bool:
        return member in self._since

    def add(self, member: bytes) -> None:
        self._since[member] = time.monotonic()

    def overdue(self) -> list[bytes]:
        """Those to be put off now; they are forgotten here."""
        now = time.monotonic()
        overdue: list[bytes] = []
        for member, since in self._since.items():
            if now - since < self._patience and len(self._since) - len(overdue) <= MOST_STUCK:
                break
            overdue.append(member)
        for member in overdue:
            del self._since[member]
        return overdue


class Timers:
    """Fires what is due; ``on_report`` gets each report."""

    def __init__(
        self, engine: EngineContext, newer: VersionSkew, on_report: Callable[[Report], None]
    ) -> None:
        self._engine = engine
        self._newer = newer
        self._on_report = on_report
        self.stuck = StuckTimers()

    def ask_due(self, count: int) -> Call:
        """Ask for ``count`` timers that are due; the reply is for ``fire_due``."""
        return self._engine.transitions.due_timers(count + len(self.stuck))

    def fire_due(self, reply: Any) -> float | None:
        """Act on the timers that are due; return the seconds until the next one.

        None if something was fired: that may have set others. Raises RedisError.
        """
        if isinstance(reply, Exception):
            raise reply
        wait, members = self._engine.transitions.read_due_timers(reply)
        timers = [timer for member in members if (timer := self._read(member)) is not None]
        ready: list[Timer] = []
        for timer, report in zip(timers, self._engine.run_timers_once(timers), strict=True):
            ready += self._fired(timer, report)
        for after in self._engine.run_timers(ready):
            self._on_report(after)
        self._engine.transitions.postpone_timers(self.stuck.overdue())
        return None if timers else math.inf if wait is None else wait

    def _fired(self, timer: Timer, report: Report | Exception) -> Sequence[Timer]:
        """Report a timer that was fired; return those that follow."""
        if isinstance(report, Report):
            if report.outcome is Outcome.NEWER:
                self.stuck.add(str(timer).encode())
                self._newer.leave(timer.workflow)
            self._on_report(report)
            return report.ready
        if not isinstance(report, ResponseError) or is_temporary(report):
            raise report
        self.stuck.add(str(timer).encode())
        LOG.error(kv("timer-failed", workflow=timer.workflow, timer=timer, error=report))
        return ()

    def _read(self, member: bytes) -> Timer | None:
        """The timer, None if it is stuck or of a kind that only newer versions know."""
        if member in self.stuck:
            return None
        if Timer.known(member):
            return Timer.read(member)
        self.stuck.add(member)
        self._newer.leave(member.decode("utf-8", "replace").partition("|")[2].partition("|")[0])
        return None
