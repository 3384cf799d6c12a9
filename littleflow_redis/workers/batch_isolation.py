"""Batches of events: an unexpected error costs the event that raises it, and no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from littleflow_redis.events.group import Entry, GroupReader
from littleflow_redis.events.logs import kv

from .dead_lettering import MAX_DELIVERIES, failed, is_outage

LOG = logging.getLogger("littleflow_redis.worker")


class BatchIsolation:
    """Applies batches with ``apply``, and after an error the rest of the batch one by one.

    An event that raises alone stays pending and is delivered again. After MAX_DELIVERIES,
    ``refuse`` is called with the reason. Without this, one event would end every worker in turn.
    """

    def __init__(
        self,
        reader: GroupReader,
        apply: Callable[[Sequence[Entry]], int],
        refuse: Callable[[Entry, str], None],
    ) -> None:
        self._reader = reader
        self._apply = apply
        self._refuse = refuse

    def handle(self, entries: Sequence[Entry]) -> int:
        """Apply a batch; return the number of its events. Raises RedisError during an outage, and
        errors that are no event's fault.
        """
        try:
            return self._apply(entries)
        except Exception as error:
            if is_outage(error) or not entries:
                raise
            LOG.exception(kv("batch-failed", events=len(entries), error=error))
        # Events that were applied are acknowledged, and not ours any more.
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
                self._refuse(entry, failed(entry.deliveries, error))
