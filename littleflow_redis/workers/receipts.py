"""Receipt log and janitor: prints receipts, and is the only one to delete entries of the stream."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from redis.exceptions import ResponseError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Receipt
from littleflow_redis.engine.views.health import RECEIPTS
from littleflow_redis.events.event_codec import decode_tolerant, printable
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace, Stop
from littleflow_redis.events.streams import consumer_name

LOG = logging.getLogger("littleflow_redis.receipts")

#: Entries looked at in one call.
BATCH = 500

#: Where a sweep of the whole stream begins.
BEGINNING = "-"

#: Seconds after which an end-task, notification or receipt goes although a group has not
#: acknowledged it: listeners written with `rqse` never acknowledge what is not theirs.
GRACE = 600.0

#: Seconds that a user's event is kept without a receipt, or unacknowledged by a group;
#: `--event-retention` overrides it.
EVENT_RETENTION = 7 * 86_400.0

#: Seconds between two sweeps while there is nothing new, and while there is.
IDLE, BUSY = 1.0, 0.25

#: Part of the time that sweeping the whole stream may take, and all that is done here together: as
#: long as steps wait, their start-tasks are looked at each time. Between, what is new is swept.
WHOLE, SHARE = 0.01, 0.1

#: Seconds that a look at one entry takes at most: what is more was waiting for the network.
LOOK = 0.001

#: Seconds between two searches for pending ids without an entry.
PRUNE_EVERY = 30.0


class Receipts:
    """Log and janitor in one. Several may run: each call is atomic and deletes by rule."""

    def __init__(
        self,
        client: Client,
        stop: Stop | None = None,
        *,
        event_retention: float = EVENT_RETENTION,
        grace: float = GRACE,
        show: Callable[[str], None] = print,
    ) -> None:
        self.client = client
        self.stop = stop or Stop()
        #: Entries looked at, and deleted.
        self.looked = 0
        self.deleted = 0
        self._transitions = client.context.transitions
        self._consumer = consumer_name()
        self._retention = event_retention
        self._grace = grace
        self._show = show
        self._prune = Pace(PRUNE_EVERY)
        #: The last sweep of the whole stream saw no entries after this one.
        self._swept = BEGINNING

    def run(self) -> None:
        """Work until stopped. Raises RedisError: the caller waits and calls again."""
        whole_at = 0.0
        for _ in self.stop.turns():
            began, looked = time.monotonic(), self.looked
            whole = began >= whole_at
            pause = BUSY if self.turn(whole) else IDLE
            work = work_in(time.monotonic() - began, self.looked - looked)
            if whole:
                whole_at = began + work / WHOLE
            self.stop.wait(max(pause, work / SHARE))

    def turn(self, whole: bool = True) -> int:
        """Print new receipts, sweep the ``whole`` stream or what is new in it.

        Returns the entries read or deleted.
        """
        try:
            done = self.print_new() + self.sweep_stream(whole)
            if self._prune.due():
                self.prune_pending()
            return done
        except ResponseError as error:
            # Redis 6.2 wraps an error inside a script in words of its own.
            if "NOGROUP" not in str(error):
                raise
            self._transitions.ensure_group(RECEIPTS)
            return 1

    def print_new(self) -> int:
        """Print the receipts that came since the last call; return the entries read."""
        total = 0
        while True:
            read, found = self._transitions.read_receipts(RECEIPTS, self._consumer, BATCH)
            for receipt in found:
                self._show(_line(receipt))
            total += read
            if read < BATCH or self.stop.is_set():
                return total

    def sweep_stream(self, whole: bool = True) -> int:
        """Delete entries that are no longer needed; return their number."""
        position, more, total = BEGINNING if whole else self._swept, True, 0
        while more and not self.stop.is_set():
            more, position, looked, deleted = self._transitions.sweep_stream(
                position, BATCH, grace=self._grace, retention=self._retention
            )
            self.looked += looked
            total += deleted
        if whole:
            self._swept = position
        self.deleted += total
        return total

    def prune_pending(self) -> int:
        """Acknowledge, in every group, pending ids whose entry is gone."""
        total = 0
        for group in self._transitions.groups():
            position = "-"
            while position and not self.stop.is_set():
                position, acked = self._transitions.prune_pending(group, position, BATCH)
                total += acked
        if total:
            LOG.info(kv("pruned", acknowledged=total))
        return total


def work_in(seconds: float, looked: int) -> float:
    """The part of a turn's seconds that can have been work, by how many entries it looked at."""
    return min(seconds, looked * LOOK)


def _line(receipt: Receipt) -> str:
    event = decode_tolerant(receipt.fields)
    target = decode_tolerant(receipt.target) if receipt.target else event.get("for")
    # Anybody may have written what it says.
    return printable(f"{target} {event.get('action', 'processed')} at {event.get('at')}")
