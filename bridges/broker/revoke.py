"""Revoking tasks whose work is no longer wanted.

A revoke is a broadcast that is not stored: workers that are down miss it, so it is repeated. A task
that runs already runs on, unless a signal is to end it; its end is recorded or late, as the
workflow's state says.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from celery import Celery
from kombu.exceptions import OperationalError

from littleflow_redis.events.logs import kv

from .publish import CONNECT_TRIES

LOG = logging.getLogger("littleflow_redis.bridge")

#: Seconds between the first and the second revoke of a task; each further pause is twice as long,
#: for whoever did not hear it soon is away for longer.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0

#: Ids in one broadcast.
BATCH = 500


class Revoker:
    """Revokes Celery tasks; one thread uses it, once per sweep.

    ``signal`` is the name of one that ends a task which runs already, None for none. It goes to the
    process of the worker's pool that runs the task, which may have begun another one meanwhile.
    """

    def __init__(
        self,
        app: Celery,
        signal: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._more = {"terminate": True, "signal": signal} if signal else {}
        self._now = now
        #: When each task is revoked again, and the pause after that.
        self._next: dict[str, tuple[float, float]] = {}

    def turn(self, unwanted: Collection[str]) -> int:
        """Revoke those of these whose turn it is, and forget all others; return how many.

        A broker that is away is tried again with the next sweep.
        """
        now = self._now()
        self._next = {id: self._next.get(id, (now, FIRST_PAUSE)) for id in unwanted}
        due = [id for id, (at, _) in self._next.items() if at <= now]
        try:
            for start in range(0, len(due), BATCH):
                self._broadcast(due[start : start + BATCH])
        except OperationalError as error:
            LOG.warning(kv("revoke-failed", tasks=len(due), reason=error, next="the next sweep"))
            return 0
        for id in due:
            pause = self._next[id][1]
            self._next[id] = (now + pause, min(2 * pause, LONGEST_PAUSE))
        if due:
            LOG.info(kv("revoked", tasks=len(due)))
        return len(due)

    def _broadcast(self, ids: Collection[str]) -> None:
        """Raises OperationalError if the broker is away."""
        # Asked first, on a new connection: kombu tries for ever to send a broadcast, and whoever
        # tells results would wait with it.
        with self._app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=CONNECT_TRIES, interval_start=0)
            self._app.control.revoke(list(ids), connection=connection, **self._more)
