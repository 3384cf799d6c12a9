"""The work that follows from transitions: steps that wait for Python, due timers, logs."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.logs import kv
from littleflow_redis.events.script_batch import Call, run_batch

from .timers import Timers
from .version_skew import VersionSkew

LOG = logging.getLogger("littleflow_redis.worker")

#: Timers fired at once: beyond, they get hardly cheaper, and each may need a large input.
BATCH = 64

#: The same while more events wait than one read brings. Each timer writes some events of its own:
#: many thousands that are due together would put everybody else's behind theirs.
SHARE = 32

#: Runs attempts that were handed to this process; see ``engine.handing``.
HandOver = Callable[[Sequence[StartTask]], None]


class Following:
    """Follows up on transitions, for one thread.

    ``ask_every`` is the seconds after which it asks for timers though none is known to be due:
    others may have set some. ``hand_over`` is given the attempts that scripts hand to this process.
    """

    def __init__(
        self,
        client: Client,
        newer: VersionSkew,
        ask_every: float = math.inf,
        hand_over: HandOver | None = None,
    ) -> None:
        #: Whether more events wait than one read brings.
        self.backlog = False
        self._client = client
        self._ask_every = ask_every
        self._hand_over = hand_over
        self.timers = Timers(client.context, newer, self.tell)
        self._handed: list[StartTask] = []
        #: When the next timer is due, by time.monotonic(); None if that must be asked.
        self._next: float | None = None

    def tell(self, report: Report) -> None:
        """Log a change of a workflow's state, and keep what was handed over."""
        self._handed += report.handed
        if report.state is not None:
            LOG.info(
                kv(
                    "workflow",
                    workflow=report.workflow,
                    state=report.state,
                    reason=report.reason or None,
                )
            )

    def follow(self, report: Report) -> None:
        """The same, and fire the steps that it left ready, and those that follow."""
        self.tell(report)
        for after in self._client.settle(report):
            self.tell(after)

    @property
    def is_due(self) -> bool:
        """Whether a timer may be due: one is, or when the next one is has to be asked."""
        rarely = self._ask_every < math.inf
        return not rarely or self._next is None or self._next <= time.monotonic()

    def due(self) -> Call:
        """Ask for the timers that are due; the reply is for ``fire``."""
        return self.timers.ask_due(SHARE if self.backlog else BATCH)

    def fire(self, reply: Any) -> None:
        """Act on the timers that are due, and bring what was handed over under way."""
        wait = self.timers.fire_due(reply)
        self._next = None if wait is None else time.monotonic() + min(wait, self._ask_every)
        self.bring()

    def bring(self) -> None:
        """Bring what was handed over under way."""
        handed, self._handed = self._handed, []
        if handed and self._hand_over:
            self._hand_over(handed)

    def ask(self) -> None:
        """Look for timers that are due, unless it is known when the next one is."""
        if self._next is None:
            self.fire(run_batch(self._client.redis, [self.due()])[0])

    def patience(self, block: float) -> float:
        """Seconds to wait for something else, ``block`` at most: not beyond the next timer."""
        left = 0.0 if self._next is None else self._next - time.monotonic()
        if left <= 0:
            self._next = None
        return max(0.0, min(block, left))
