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

LOG = logging.getLogger("littleflow_redis.worker")


class LostReplies:
    """Hands such attempts back. Any thread may ``suspect``; one looks.

    A reply may only be late: what two looks in a row find held and not in hand is handed back. Of
    those that must not run twice, the begun fail their steps instead.
    """

    def __init__(self, held: HeldAttempts, process: str, categories: Sequence[str]) -> None:
        self._held = held
        self._process = process
        self._categories = categories
        #: Task ids of those that may have begun and must not run twice.
        self._begun: set[str] = set()
        self._suspected = False
        #: Found at the last look, by task id.
        self._before: set[str] = set()

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
        """Look once, if there is reason to. Raises RedisError."""
        if not self._suspected and not self._before:
            return
        self._suspected = False
        unknown = {}
        for category in self._categories:
            for held in self._held.of(self._process, category):
                if held.task not in in_hand:
                    unknown[held.task] = held
        for task in unknown.keys() & self._before:
            self.release(unknown.pop(task))
        self._before = {*unknown}

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
