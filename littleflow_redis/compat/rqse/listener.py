"""A consumer of a stream: override ``process`` and call ``listen``. The form is ``rqse``'s."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import redis
from redis.exceptions import RedisError

from littleflow_redis.events.event_codec import Event, GarbageError, decode
from littleflow_redis.events.group import CLAIM_IDLE, Entry, GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import Outage, is_temporary
from littleflow_redis.events.renewal import RENEW_INTERVAL, Renewal
from littleflow_redis.events.shutdown import Pace, Stop
from littleflow_redis.events.streams import make_group

from .client import EventClient
from .desk import Desk, Item

LOGGER = logging.getLogger("littleflow_redis.events.listener")

#: Milliseconds that one read waits for events. A new event ends it, and so does ``stop``.
BLOCK = 1000


class EventListener(EventClient):
    """Reads the stream ``key`` as a consumer of ``group`` and hands each event to ``process``.

    ``select`` names the kinds of events wanted (all, if empty), by the field
    ``select_attribute``; others are acknowledged unseen. ``block`` is in milliseconds.
    ``concurrency`` is how many events are worked on at a time, in threads if it is above 1.
    ``claim_idle`` is in seconds: an event nobody renewed for so long is taken from its consumer;
    while ``process`` works, its event is renewed. Listeners of one group should agree on it.

    ``wait``, ``pause``, ``idle_count`` and ``backoff`` are accepted for the sake of ``rqse``: a
    listener here reacts at once and never pauses.

    An event is acknowledged when ``process`` returned something true; otherwise, or if it raised,
    it stays pending and is tried again, by this consumer or another, after ``claim_idle``.
    """

    def __init__(
        self,
        key: str,
        group: str,
        host: str = "0.0.0.0",  # noqa: S104
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        pool: redis.ConnectionPool | None = None,
        select: Sequence[str] = (),
        select_attribute: str = "kind",
        wait: float = 10,
        pause: float = 1,  # noqa: ARG002
        block: int = BLOCK,
        idle_count: int = 5,  # noqa: ARG002
        backoff: int = 10,  # noqa: ARG002
        *,
        concurrency: int = 1,
        claim_idle: float = CLAIM_IDLE,
    ) -> None:
        super().__init__(key, host, port, username, password, pool)
        if group is None:
            raise ValueError("group is None; give the name of a consumer group")
        if concurrency < 1:
            raise ValueError(f"concurrency is {concurrency}; set it to 1 or more")
        self._group = group
        self._select = (select,) if isinstance(select, str) else tuple(select)
        self._select_attribute = select_attribute
        self._wait = wait
        self._block = block
        self._concurrency = concurrency
        self._claim_idle = claim_idle
        self._exit = Stop()
        self._running = False
        self._established = False
        self._ended = False
        #: Processed, but the acknowledgement did not get through.
        self._owed: dict[str, Event] = {}
        self._ignored: list[str] = []

    # For subclasses to override.

    def process(self, id: str, event: Event) -> bool:  # noqa: ARG002
        """Work on an event; return True to acknowledge it."""
        return True

    def should_process(self, event: Event) -> bool:
        """Tell if ``process`` wants this event; others are acknowledged unseen."""
        return not self._select or event.get(self._select_attribute) in self._select

    def onStart(self) -> None:
        """Called when ``listen`` begins, before Redis is asked for anything."""

    def onEstablished(self) -> None:
        """Called when the group is there, and again after each lost connection."""

    def onStop(self) -> None:
        """Called when ``listen`` ends."""

    def ignore(self, id: str, event: Event) -> None:  # noqa: ARG002
        """Acknowledge an event that ``should_process`` excluded, together with others."""
        self._ignored.append(id)

    def acknowledge(self, id: str, event: Event) -> None:  # noqa: ARG002
        """Acknowledge an event that was processed."""
        self.connection.xack(self._stream_key, self._group, id)

    def establish_consumer(self) -> bool:
        """Make the stream and the group where they are missing, at id 0."""
        make_group(self.connection, self._stream_key, self._group)
        return True

    # For users to call.

    @property
    def listening(self) -> bool:
        """False from ``stop`` on."""
        return not self._exit.is_set()

    @property
    def running(self) -> bool:
        """True while ``listen`` runs."""
        return self._running

    @property
    def established(self) -> bool:
        """True while the group is there and events are read."""
        return self._established

    @property
    def wait(self) -> float:
        """The value of ``wait``, in seconds; for subclasses."""
        return self._wait

    def sleep(self, duration: float) -> None:
        """Sleep for ``duration`` seconds, less if the listener is stopped."""
        self._exit.wait(duration)

    def stop(self) -> None:
        """Ask ``listen`` to end when the work in hand is done; returns at once."""
        self._exit.set()

    def listen(self) -> None:
        """Work until ``stop``; a Redis that is away is waited for.

        Raises ConfigurationError if Redis refuses the credentials, and errors of Redis that do
        not pass, such as a key that is no stream.
        """
        if self._ended:
            self._exit.clear()
        self._open()
        try:
            self.onStart()
            with self._exit.waking(self._reader.interrupt):
                Outage(self.connection, self._exit, LOGGER).run(self._work)
        finally:
            self._close()
        self.onStop()

    # The inner part: everything between two outages.

    def _open(self) -> None:
        self._running = True
        self._reader = GroupReader(
            self.connection, self._stream_key, self._group, claim_idle=self._claim_idle
        )
        self._renewal = Renewal(
            self._reader.renew, min(RENEW_INTERVAL, self._claim_idle / 5), LOGGER
        )
        self._desk = Desk(self._concurrency, self._handle)
        self._claims = Pace(min(1.0, self._claim_idle))

    def _close(self) -> None:
        self._desk.close()
        self._renewal.close()
        try:
            self._settle()
            self._reader.release({item.id for item in self._desk.waiting})
            self._reader.drop()
        except RedisError as error:
            # What is pending is claimed by others; the name is swept by a later consumer.
            LOGGER.warning(kv("consumer-left", consumer=self._reader.consumer, error=error))
        self._reader.close()
        self._established = self._running = False
        self._ended = True

    def _work(self) -> None:
        self._established = False
        self.establish_consumer()
        self._reader.drop_dead()
        self._established = True
        self.onEstablished()
        try:
            while self.listening:
                self._turn()
        finally:
            self._established = False

    def _turn(self) -> None:
        """Settle, start what waits, claim or read, and sort: one round of the inner loop."""
        self._settle()
        self._start_waiting()
        if not self.listening:
            return
        room = self._desk.room()
        if room:
            self._sort(self._take(room))
        else:
            self._desk.wait_for_slot()

    def _take(self, count: int) -> list[Entry]:
        in_hand = self._desk.in_hand | self._owed.keys()
        if self._claims.due():
            stale = self._reader.claim_stale(count, skip=in_hand)
            if stale:
                LOGGER.debug(kv("claimed", group=self._group, entries=len(stale)))
                return stale
        return self._reader.read(count, self._block, skip=in_hand)

    def _sort(self, entries: list[Entry]) -> None:
        now = time.monotonic()
        for entry in entries:
            try:
                event = decode(entry.fields)
            except GarbageError as error:
                LOGGER.warning(kv("garbage", group=self._group, id=entry.id, reason=error))
                self._ignored.append(entry.id)
                continue
            if self._is_wanted(entry.id, event):
                self._desk.waiting.append(Item(entry.id, event, now))

    def _is_wanted(self, id: str, event: Event) -> bool:
        try:
            if self.should_process(event):
                return True
            self.ignore(id, event)
        except Exception as error:
            self._raise_if_temporary(error)
            LOGGER.exception(kv("event-failed", group=self._group, id=id, where="should_process"))
        else:
            self._desk.measured(0)
        return False

    def _start_waiting(self) -> None:
        desk = self._desk
        while desk.waiting and desk.free and self.listening:
            item = desk.waiting[0]
            if self._is_still_ours(item):
                desk.start(item)
            desk.waiting.popleft()

    def _is_still_ours(self, item: Item) -> bool:
        # What waits for a slot is not renewed: if the slot is slow, others shall have it.
        if time.monotonic() - item.read_at < self._claim_idle / 2:
            return True
        return bool(self._reader.renew([item.id]))

    def _handle(self, id: str, event: Event) -> None:
        try:
            with self._renewal.holding(id):
                done = self.process(id, event)
        except Exception:
            LOGGER.exception(kv("event-failed", group=self._group, id=id, where="process"))
            return
        if done:
            self._acknowledge(id, event)
        else:
            LOGGER.debug(kv("left-pending", group=self._group, id=id))

    def _acknowledge(self, id: str, event: Event) -> None:
        try:
            self.acknowledge(id, event)
        except Exception as error:
            if isinstance(error, RedisError) and is_temporary(error):
                self._owed[id] = event
                self._reader.rewind()
            else:
                LOGGER.exception(kv("event-failed", group=self._group, id=id, where="acknowledge"))

    def _settle(self) -> None:
        """Acknowledge what was excluded, and what an outage kept from being acknowledged."""
        if self._ignored:
            self._reader.ack(self._ignored)
            self._ignored.clear()
        for id in list(self._owed):
            self.acknowledge(id, self._owed[id])
            del self._owed[id]

    @staticmethod
    def _raise_if_temporary(error: Exception) -> None:
        if isinstance(error, RedisError) and is_temporary(error):
            raise error
