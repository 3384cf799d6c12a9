"""The live feed: every change of every workflow, as it happens, for any number of listeners.

:class:`FeedReader` reads the stream of changes and reports when it missed some. :class:`Feed` is
one such reader, in a thread, for many subscriptions with a queue each.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import redis
from redis.exceptions import RedisError

from littleflow_redis.events.event_codec import ENTRY_ID
from littleflow_redis.events.logs import kv

from ..model.errors import BadQuery
from ..model.records import Record
from ..store.keys import Keys
from .trace import TraceEntry, trace_entry

LOG = logging.getLogger("littleflow_redis.feed")

#: Entries read in one round trip.
PAGE = 500

#: Seconds that one read waits for news; a feed that is closed does not wait for its end.
BLOCK = 1.0

#: Seconds between two tries to reach Redis: the first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

#: Entries kept for a subscription that does not keep up; then it gets a reset in their place.
QUEUE = 1000

_BEGINNING = "0-0"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """The changes of a workflow in one transition, and its state afterwards.

    The state is DELETED once the workflow is gone. ``workflow`` is the full id; a reader resumes
    after ``id``. ``reset``: earlier changes are lost, so a listener has to read the state again;
    the other fields are empty.
    """

    id: str
    workflow: str = ""
    state: str = ""
    changes: Sequence[TraceEntry] = ()
    reset: bool = False


class FeedReader:
    """Reads the stream of changes from ``after`` on, from now on without it.

    For one thread. Raises BadQuery for what can be no id; what Redis raises, at each call: the next
    one goes on where that came.
    """

    def __init__(self, client: redis.Redis, keys: Keys, after: str = "") -> None:
        if after and not ENTRY_ID.fullmatch(after):
            raise BadQuery(f"{after[:40]!r} is no id of the feed: they look like 1764154061123-0")
        self._client = client
        self._key = keys.changes
        self._sure = False
        #: The last entry that was read.
        self.position = after

    def start(self) -> None:
        """Begin now, not with the first read."""
        if not self.position:
            self.position, self._sure = self._ends()[1], True

    def read(self, block: float = BLOCK) -> list[FeedEntry]:
        """New entries, waiting ``block`` seconds for them; first a reset if some were lost."""
        self.start()
        if not self._sure and not self._resumes():
            self.position, self._sure = self._ends()[1], True
            return [FeedEntry(self.position, reset=True)]
        # Until it is back, nobody knows whether this is the stream that was read before.
        self._sure = False
        wait = max(round(block * 1000), 1)
        found: Any = self._client.xread({self._key: self.position}, count=PAGE, block=wait)
        entries = [_entry(id.decode(), fields) for id, fields in found[0][1]] if found else []
        # Trimming may overtake a reader that lags behind.
        self._sure = len(entries) < PAGE
        if entries:
            self.position = entries[-1].id
        return entries

    def _ends(self) -> tuple[str, str]:
        """The first and the last entry that there are."""
        with self._client.pipeline(transaction=True) as pipe:
            pipe.xrange(self._key, count=1)
            pipe.xrevrange(self._key, count=1)
            first, last = pipe.execute()
        return _id_of(first), _id_of(last)

    def _resumes(self) -> bool:
        """Whether nothing between the position and what is there now can have gone."""
        first, last = map(_order, self._ends())
        return self.position == _BEGINNING or first <= _order(self.position) <= last


class Feed:
    """One reader in a thread for all subscriptions; it runs while there are any.

    Redis may go away and come back: it goes on, with a reset for all if something was lost.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._stop: threading.Event | None = None
        #: Its threads: one reads, and those before it end with the read they are in.
        self._threads: list[threading.Thread] = []
        self._handed = _BEGINNING

    def __len__(self) -> int:
        return len(self._subscriptions)

    def subscribe(
        self, workflow: str | None = None, after: str = "", queue: int = QUEUE
    ) -> Subscription:
        """Listen, to one workflow (by any form of its id) or to all, from ``after`` on or from now.

        Raises BadQuery, InvalidId, and what Redis raises.
        """
        id = self._keys.full_id(workflow) if workflow else ""
        past = FeedReader(self._client, self._keys, after) if after else None
        with self._lock:
            if self._stop is None:
                self._begin()
            made = Subscription(self, id, past, self._handed, queue)
            self._subscriptions.add(made)
        return made

    def close(self) -> None:
        """End all subscriptions, and with them the thread; its client may be closed afterwards."""
        for each in list(self._subscriptions):
            each.close()
        for thread in self._threads:
            thread.join()

    def leave(self, subscription: Subscription) -> None:
        """Drop a subscription that is closed."""
        with self._lock:
            self._subscriptions.discard(subscription)
            if not self._subscriptions and self._stop is not None:
                self._stop.set()
                self._stop = None

    def _begin(self) -> None:
        reader, stop = FeedReader(self._client, self._keys), threading.Event()
        reader.start()
        self._handed, self._stop = reader.position, stop
        run = threading.Thread(target=self._run, args=(reader, stop), name="feed", daemon=True)
        run.start()
        self._threads = [*filter(threading.Thread.is_alive, self._threads), run]

    def _run(self, reader: FeedReader, stop: threading.Event) -> None:
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                entries = reader.read()
            except RedisError as error:
                LOG.warning(kv("feed-waits", reason=error, again_in=pause))
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE
                self._hand_out(entries, stop)

    def _hand_out(self, entries: Sequence[FeedEntry], stop: threading.Event) -> None:
        with self._lock:
            # Another thread may have taken over since.
            if not entries or stop.is_set():
                return
            listeners, self._handed = list(self._subscriptions), entries[-1].id
        for each in listeners:
            each.take(entries)


class Subscription:
    """The queue of one listener. Closed at the end of a ``with``, or by :meth:`close`."""

    def __init__(
        self, feed: Feed, workflow: str, past: FeedReader | None, position: str, queue: int
    ) -> None:
        self._feed = feed
        self._workflow = workflow
        #: Reads what came before the feed's own; None once that is done.
        self._past = past
        self._caught_up: deque[FeedEntry] = deque()
        self._from = _order(position)
        #: The last entry read so; the feed repeats those up to it.
        self._seen = (-1, 0)
        self._limit = queue
        self._queue: deque[FeedEntry] = deque()
        self._news = threading.Condition()
        self.closed = False

    def take(self, entries: Sequence[FeedEntry]) -> None:
        """Queue new entries; called by the feed."""
        wanted = [each for each in entries if self._wants(each)]
        if not wanted:
            return
        with self._news:
            if any(each.reset for each in wanted):
                # Whatever comes now is new, also where a stream begins anew.
                self._seen = (-1, 0)
            self._queue += (each for each in wanted if _order(each.id) > self._seen)
            if len(self._queue) > self._limit:
                last = self._queue[-1].id
                self._queue.clear()
                self._queue.append(FeedEntry(last, reset=True))
            self._news.notify_all()

    def get(self, timeout: float | None = None) -> FeedEntry | None:
        """The next entry; None after ``timeout`` seconds without one, or once it is closed.

        Raises what Redis raises while it catches up with what came before.
        """
        while self._past is not None and not self._caught_up and not self.closed:
            self._catch_up(self._past)
        with self._news:
            if self._caught_up and not self.closed:
                return self._caught_up.popleft()
            self._news.wait_for(lambda: self._queue or self.closed, timeout)
            return self._queue.popleft() if self._queue and not self.closed else None

    def _catch_up(self, past: FeedReader) -> None:
        """Read a page of what came before the feed's own."""
        page = past.read(0.001)
        self._caught_up += filter(self._wants, page)
        with self._news:
            self._seen = _order(past.position)
            while self._queue and _order(self._queue[0].id) <= self._seen:
                self._queue.popleft()
        if not page or page[0].reset or self._seen >= self._from:
            self._past = None

    def __iter__(self) -> Iterator[FeedEntry]:
        while (found := self.get()) is not None:
            yield found

    def close(self) -> None:
        """End it; whoever waits in :meth:`get` goes on at once."""
        with self._news:
            self.closed = True
            self._news.notify_all()
        self._feed.leave(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wants(self, found: FeedEntry) -> bool:
        return found.reset or not self._workflow or found.workflow == self._workflow


def _id_of(page: Sequence[Any]) -> str:
    return str(page[0][0].decode()) if page else _BEGINNING


def _order(id: str) -> tuple[int, int]:
    ms, _, number = id.partition("-")
    return int(ms), int(number)


def _entry(id: str, fields: Mapping[bytes, bytes]) -> FeedEntry:
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(fields[b"changes"])
    return FeedEntry(
        id=id,
        workflow=fields[b"workflow"].decode(),
        state=fields[b"state"].decode(),
        changes=tuple(trace_entry(Record.of(values)) for values in unpacker),
    )
