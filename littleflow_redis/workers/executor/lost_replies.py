"""Attempts that scripts gave to this process in replies that it never got."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from littleflow_redis.engine.store.held_attempts import HeldAttempts


class LostReplies:
    """Hands such attempts back. Any thread may ``suspect``; one looks.

    A reply may only be late: what two looks in a row find held and not in hand is handed back.
    """

    def __init__(self, held: HeldAttempts, process: str, categories: Sequence[str]) -> None:
        self._held = held
        self._process = process
        self._categories = categories
        self._suspected = False
        #: Found at the last look, by task id.
        self._before: set[str] = set()

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
            self._held.release(unknown.pop(task))
        self._before = {*unknown}

    def release_all(self) -> None:
        """Hand back everything that this process holds, for it ends. Raises RedisError."""
        for category in self._categories:
            for held in [*self._held.of(self._process, category)]:
                self._held.release(held)
