"""Attempts that scripts gave to this process in replies that it never got."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from redis.exceptions import RedisError

from littleflow_redis.engine.model.script_results import HeldAttempt
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds between two looks without any suspicion. All that is held is read for one, and there is
#: nothing to find unless a fault has let go of an attempt.
UNSUSPECTED = 30.0


class LostReplies:
    """Hands such attempts back. Any thread may ``suspect``; one looks.

    A reply may only be late: what two looks in a row find held and not in hand is handed back. Of
    those that must not run twice, the begun fail their steps instead. A look is taken every
    ``unsuspected`` seconds, whether or not a reply is known to be lost.
    """

    def __init__(
        self,
        held: HeldAttempts,
        process: str,
        categories: Sequence[str],
        unsuspected: float = UNSUSPECTED,
    ) -> None:
        self._held = held
        self._process = process
        self._categories = categories
        #: Task ids of those that may have begun and must not run twice.
        self._begun: set[str] = set()
        self._suspected = False
        self._pace = Pace(unsuspected)
        # A process that has just come holds nothing.
        self._pace.due()
        #: Found at the last look, by task id; and whether there was a reason to look.
        self._before: dict[str, bool] = {}

    def begin_once(self, task: StartTask) -> None:
        """Note that a task begins, unless it may run twice: to hand it back would fail its step."""
        if task.once:
            self._begun.add(task.uuid)

    def withdraw(self, task: StartTask) -> None:
        """Note that a task has not begun after all, is over, or asks itself for another run."""
        self._begun.discard(task.uuid)

    def suspect(self) -> None:
        """A call has failed that may have given something to this process."""
        self._suspected = True

    def look(self, in_hand: Collection[str]) -> None:
        """Look once, if there is reason to or it is time. Raises RedisError."""
        due = self._pace.due()
        if not (self._suspected or self._before or due):
            return
        suspected, self._suspected = self._suspected, False
        unknown: dict[str, HeldAttempt] = {}
        for category in self._categories:
            for held in self._held.of(self._process, category):
                if held.task not in in_hand:
                    unknown[held.task] = held
        for task in unknown.keys() & self._before.keys():
            held = unknown.pop(task)
            if not self._before[task]:
                hint = "it is handed back; report this line"
                LOG.warning(kv("held-unknown", workflow=held.workflow, step=held.field, next=hint))
            self.release(held)
        self._before = dict.fromkeys(unknown, suspected)

    def release_all(self) -> None:
        """Hand back everything that this process holds, for it ends. Raises RedisError."""
        for category in self._categories:
            for held in [*self._held.of(self._process, category)]:
                self.release(held)

    def release(self, held: HeldAttempt) -> None:
        """Hand one back. Raises RedisError: then it is still held, or no more."""
        begun = held.task in self._begun
        # Before: as soon as it is handed back it may begin here again, under the same id.
        self._begun.discard(held.task)
        try:
            outcome = self._held.release(held, died=begun)
        except RedisError:
            if begun:
                self._begun.add(held.task)
            raise
        if outcome is Outcome.MAY_HAVE_RUN:
            about = {"workflow": held.workflow, "step": held.field, "of": self._process}
            LOG.error(kv("lost", **about, reason=outcome.sentence))
