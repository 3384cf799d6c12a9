"""Attempts of processes that have died are given to others: their start-tasks are written again.

Those that must not run twice fail their steps instead.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict

from redis.exceptions import ResponseError

from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.shutdown import Pace

from ..model.script_results import HeldAttempt
from ..model.states import Outcome
from ..store.context import EngineContext
from ..store.held_attempts import HeldAttempts

LOG = logging.getLogger("littleflow_redis.reconcile")

#: Seconds between two looks at all that is held, whoever is registered.
SCAN_EVERY = 30.0


class TakeOver:
    """Looks for processes whose heartbeat has stopped; one thread works with it.

    A process counts as dead when two looks ``patience`` seconds apart find it so. After an outage
    of Redis or a jump of its clock all seem dead, until each has beaten once more.
    """

    def __init__(self, context: EngineContext, process: str = "", patience: float = 4.0) -> None:
        self._held = HeldAttempts(context)
        self._process = process
        self._patience = patience
        self._scan = Pace(SCAN_EVERY)
        #: When each was first found dead, by time.monotonic().
        self._dead: dict[str, float] = {}

    def forget(self) -> None:
        """Begin anew, after an outage."""
        self._dead.clear()

    def run(self) -> int:
        """Look once; return how many attempts were taken from the dead. Raises RedisError."""
        alive = self._held.alive()
        dead = self._held.registered() - alive
        if not (dead or self._dead) and not self._scan.due():
            return 0
        left: dict[str, list[HeldAttempt]] = defaultdict(list)
        for held in self._held.all():
            if held.holder not in alive:
                left[held.holder].append(held)
        dead = (dead | left.keys()) - {self._process}
        now = time.monotonic()
        self._dead = {process: self._dead.get(process, now) for process in dead}
        ripe = [name for name, since in self._dead.items() if now - since >= self._patience]
        return sum(self._give_away(process, left[process]) for process in ripe)

    def _give_away(self, process: str, left: list[HeldAttempt]) -> int:
        given = 0
        for held in left:
            workflow, step = held.workflow, held.field
            try:
                outcome = self._held.release(held, fenced=True, died=True)
            except ResponseError as error:
                # Whatever lies there, one workflow must not keep the others from being looked at.
                if is_temporary(error):
                    raise
                LOG.error(kv("not-taken-over", workflow=workflow, step=step, error=error))
                continue
            # Others look, too: one of them takes it away.
            if outcome is Outcome.APPLIED:
                LOG.warning(kv("taken-over", workflow=workflow, step=step, of=process))
            elif outcome is Outcome.MAY_HAVE_RUN:
                reason = outcome.sentence
                LOG.error(kv("lost", workflow=workflow, step=step, of=process, reason=reason))
            given += outcome in (Outcome.APPLIED, Outcome.MAY_HAVE_RUN)
        if not left:
            self._held.leave(process)
        return given
