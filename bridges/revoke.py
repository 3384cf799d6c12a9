"""Revoking tasks whose work is no longer wanted.

A revoke is a broadcast that is not stored: workers that are down miss it, so it is repeated. A task
that runs already runs on; its end is recorded or late, as the workflow's state says.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from celery import Celery
from kombu.exceptions import OperationalError

from littleflow_redis.events.logs import kv

LOG = logging.getLogger("littleflow_redis.bridge")

#: Sweeps that revoke a task whose attempt is closed: nobody can tell whether a worker heard it.
REPEATS = 3

#: Ids in one broadcast.
BATCH = 500


class Revoker:
    """Revokes Celery tasks; one thread uses it, once per sweep."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._closed: dict[str, int] = {}

    def closed(self, ids: Collection[str]) -> None:
        """Attempts that were closed before their tasks ended: timed out, cancelled, deleted."""
        self._closed.update(dict.fromkeys(ids, REPEATS))

    def turn(self, unwanted: Collection[str]) -> int:
        """Revoke these, and those that were closed lately; return how many.

        A broker that is away is tried again with the next sweep.
        """
        ids = [*self._closed, *(id for id in unwanted if id not in self._closed)]
        try:
            for start in range(0, len(ids), BATCH):
                self._app.control.revoke(ids[start : start + BATCH])
        except OperationalError as error:
            LOG.warning(kv("revoke-failed", tasks=len(ids), reason=error, next="the next sweep"))
            return 0
        if ids:
            LOG.info(kv("revoked", tasks=len(ids)))
        self._closed = {id: left - 1 for id, left in self._closed.items() if left > 1}
        return len(ids)
