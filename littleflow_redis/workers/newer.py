"""Workflows that a newer version wrote: left to its workers, and told of once; and stuck timers."""

from __future__ import annotations

import logging
import time
from collections.abc import KeysView

from littleflow_redis.engine.states import Outcome
from littleflow_redis.events.logs import kv

#: Events and workflows remembered. An event that is forgotten is looked at again when it has been
#: idle, and left again.
MOST_KNOWN = 10_000


class Newer:
    """What a worker left to newer ones.

    Without this memory it would claim each event again as soon as that has been idle, and count up
    its deliveries until somebody took it for poison.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._events: dict[str, None] = {}
        self._told: dict[str, None] = {}

    @property
    def events(self) -> KeysView[str]:
        """The ids that were left pending: not to be claimed."""
        return self._events.keys()

    def leave(self, workflow: str, event: str | None = None) -> None:
        """Leave an event pending; say so if it is the first one of its workflow."""
        if event is not None:
            _remember(self._events, event)
        if workflow not in self._told:
            _remember(self._told, workflow)
            self._log.warning(kv("left-to-newer", workflow=workflow, reason=Outcome.NEWER.sentence))


#: Seconds that a newer worker has to fire a timer before an older one puts it off.
PATIENCE = 5.0


class Stuck:
    """Timers that are due and that this process cannot fire.

    They are not looked at again, and left for others to fire. If nobody does, they are put off:
    in the end there would be so many of them that nobody finds the others.
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
            if now - since < self._patience and len(self._since) - len(overdue) <= MOST_KNOWN:
                break
            overdue.append(member)
        for member in overdue:
            del self._since[member]
        return overdue


def _remember(known: dict[str, None], id: str) -> None:
    known[id] = None
    if len(known) > MOST_KNOWN:
        del known[next(iter(known))]
