"""Workflows that a newer version wrote: left to its workers, and logged once."""

from __future__ import annotations

import logging
from collections.abc import KeysView

from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.events.logs import kv

#: Events and workflows remembered. An event that is forgotten is looked at again when it has been
#: idle, and left again.
MOST_KNOWN = 10_000


class VersionSkew:
    """The events that a worker left to newer ones.

    Without this memory it would claim each event again as soon as that has been idle. Its
    deliveries would count up until it became a dead letter.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._events: dict[str, None] = {}
        self._logged: dict[str, None] = {}

    @property
    def events(self) -> KeysView[str]:
        """The ids that were left pending: not to be claimed."""
        return self._events.keys()

    def leave(self, workflow: str, event: str | None = None) -> None:
        """Leave an event pending; log the first one of its workflow."""
        if event is not None:
            _remember(self._events, event)
        if workflow not in self._logged:
            _remember(self._logged, workflow)
            self._log.warning(kv("left-to-newer", workflow=workflow, reason=Outcome.NEWER.sentence))


def _remember(known: dict[str, None], id: str) -> None:
    known[id] = None
    if len(known) > MOST_KNOWN:
        del known[next(iter(known))]
