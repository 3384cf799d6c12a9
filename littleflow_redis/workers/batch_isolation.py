"""Batches of events in which one raises what nobody expected: it costs that one alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from littleflow_redis.events.group import Entry, GroupReader
from littleflow_redis.events.logs import kv

from .dead_lettering import MAX_DELIVERIES, failed, is_outage

LOG = logging.getLogger("littleflow_redis.worker")


class BatchIsolation:
    """Applies batches with ``apply``, and after an error what is left of them one by one.

    What raises by itself stays pending, and comes again; after MAX_DELIVERIES ``give_up`` is called
    with the reason. Without this, one event would end every worker, one after another.
    """

    def __init__(
        self,
        reader: GroupReader,
        apply: Callable[[Sequence[Entry]], int],
        give_up: Callable[[Entry, str], None],
    ) -> None:
        self._reader = reader
        self._apply = apply
        self._give_up = give_up

    def handle(self, entries: Sequence[Entry]) -> int:
        """Apply a batch; return how many events it had. Raises what Redis raises when it is away,
        and what is no event's fault.
        """
        try:
            return self._apply(entries)
        except Exception as error:
            if is_outage(error) or not entries:
                raise
            LOG.exception(kv("batch-failed", events=len(entries), error=error))
        # Whatever was done is acknowledged, and not ours any more.
        left = self._reader.renew([entry.id for entry in entries])
        for entry in entries:
            if entry.id in left:
                self._one(entry)
        return len(entries)

    def _one(self, entry: Entry) -> None:
        try:
            self._apply([entry])
        except Exception as error:
            if is_outage(error):
                raise
            LOG.error(kv("event-failed", id=entry.id, error=error))
            if entry.deliveries >= MAX_DELIVERIES:
                self._give_up(entry, failed(entry.deliveries, error))
