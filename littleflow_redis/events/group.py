"""Reads a stream as one consumer of a group; every worker is built on it."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import redis
from redis.exceptions import (
    ConnectionError,
    NoPermissionError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from .entries import Entry as Entry
from .entries import entries_of, rows_of_one
from .logs import kv
from .portion import Portion
from .script_batch import Script
from .scripts import DROP_CONSUMER, RELEASE, RENEW
from .shutdown import Pace
from .streams import consumer_name, drop_silent, is_group_missing, make_group

LOGGER = logging.getLogger(__name__)

#: Seconds an entry must have been idle before another consumer may claim it: five renewals, and
#: half the time that a worker may be silent. ``claim_idle`` overrides it for one reader.
CLAIM_IDLE = 5.0

#: Seconds after which a silent consumer with nothing pending is deleted. A living reader shows
#: activity every few seconds; an hour is far beyond any pause.
DEAD_CONSUMER_IDLE = 3600.0

#: Seconds between two heartbeats of a reader that finds nothing; far below the time after which
#: others treat it as silent.
_HEARTBEAT_INTERVAL = 2.0

#: An id after every entry. The very last id would mean "new entries".
_AFTER_ALL = "18446744073709551614-0"

#: Seconds between two tries to unblock a read; a try before the read blocks has no effect.
_WAKE_INTERVAL = 0.02


class GroupReader:
    """One consumer of a group.

    ``claim_idle`` is in seconds; ``consumer`` defaults to a new name. One thread reads and claims;
    ``ack``, ``renew`` and ``interrupt`` may be called from any thread.

    Reads and claims are bounded in bytes, too (see `Portion`): they may bring fewer entries than
    there are.

    A missing stream or group is created again, at id 0, and counted in ``regrouped``. After a lost
    connection the reader returns its own pending entries first, as a reply may have been lost.
    Every other error of Redis is raised.
    """

    def __init__(
        self,
        client: redis.Redis,
        stream: str,
        group: str,
        consumer: str | None = None,
        claim_idle: float = CLAIM_IDLE,
    ) -> None:
        self.client = client
        self.stream = stream
        self.group = group
        self.consumer = consumer or consumer_name()
        self.claim_idle = claim_idle
        #: Number of times that the group was missing and created again.
        self.regrouped = 0
        #: Whether the last read brought all that it had asked for: then there may be more.
        self.full = False
        self._link: redis.Redis | None = None
        #: None while unknown, 0 if the Redis user may not ask for it.
        self._link_id: int | None = None
        self._blocking = False
        self._interrupted = False
        self._heartbeat = Pace(_HEARTBEAT_INTERVAL)
        self._portion = Portion()
        #: The last own pending entry that was read; None when there are no more.
        self._own_after: str | None = "0"

    def ensure(self) -> bool:
        """Create a missing stream or group, at id 0; return whether the group was created."""
        return make_group(self.client, self.stream, self.group)

    def read(
        self, count: int, block_ms: int = 0, skip: Collection[str] = frozenset()
    ) -> list[Entry]:
        """Return up to ``count`` entries: own pending ones after an error, otherwise new ones.

        ``block_ms`` is the time to wait for new ones, at most half the client's socket timeout; 0
        does not wait. ``skip`` has ids that are being processed: they are not returned again.
        """
        count = self._portion.of(count)
        while self._own_after is not None:
            entries = self._read_own(count, self._own_after)
            ready = [entry for entry in entries if entry.id not in skip]
            if ready:
                self.full = True
                return ready
        entries = self._read_new(count, block_ms)
        self.full = len(entries) == count
        return entries

    def claim_stale(self, count: int, skip: Collection[str] = frozenset()) -> list[Entry]:
        """Claim up to ``count`` entries that were idle for ``claim_idle`` seconds.

        They may be of this consumer too, except those in ``skip``. Ids whose entry was deleted
        are acknowledged.
        """
        if self._heartbeat.due():
            # Before Redis 7.2 a read of new entries that finds none does not count as activity.
            self._group_command(
                b"XREADGROUP", "GROUP", self.group, self.consumer, "COUNT", 1,
                "STREAMS", self.stream, _AFTER_ALL,
            )  # fmt: skip
        count, idle = self._portion.of(count), round(self.claim_idle * 1000)
        rows = self._group_command(
            b"XPENDING", self.stream, self.group, "IDLE", idle, "-", "+", count + len(skip)
        )
        deliveries = {row[0].decode(): row[3] + 1 for row in rows}
        wanted = [id for id in deliveries if id not in skip][:count]
        if not wanted:
            return []
        reply = self._group_command(
            b"XCLAIM", self.stream, self.group, self.consumer, idle, *wanted
        )
        # Redis 6.2 answers nil for a deleted entry, later versions leave it out.
        entries = self._entries([item for item in reply if item], deliveries)
        self._acknowledge_deleted(set(wanted) - {entry.id for entry in entries})
        return entries

    def ack(self, ids: Sequence[str]) -> int:
        """Acknowledge entries; return how many of them were pending."""
        if not ids:
            return 0
        return int(self._send(self.client, b"XACK", self.stream, self.group, *ids))

    def renew(self, ids: Collection[str]) -> set[str]:
        """Reset the idle time of entries in process; return those that this consumer still owns."""
        ours = self._script(RENEW, *ids) if ids else None
        return {id.decode() if isinstance(id, bytes) else id for id in ours or ()}

    def release(self, ids: Collection[str]) -> None:
        """Give up entries that were not started: any consumer may claim them at once."""
        if ids:
            self._script(RELEASE, *ids)

    def drop(self) -> bool:
        """Delete this consumer unless it has pending entries; return whether it is gone."""
        return bool(self._script(DROP_CONSUMER) != 0)

    def rewind(self) -> None:
        """Read this consumer's pending entries again before new ones.

        Call it after losing the reply of a script that acknowledges entries.
        """
        self._own_after = "0"

    def drop_dead(self, idle: float = DEAD_CONSUMER_IDLE) -> int:
        """Delete consumers without pending entries that were silent for ``idle`` seconds."""
        return drop_silent(self.client, self.stream, self.group, idle)

    def wait(self, after: str, block_ms: int) -> bool:
        """Wait until the stream has an entry after this id; return whether it has.

        ``block_ms`` as in ``read``, on the same connection.
        """
        self._blocking = True
        try:
            link = self._connection()
            block = () if self._interrupted else self._block(block_ms)
            command = ("COUNT", 1, *block, "STREAMS", self.stream, after)
            return bool(self._send(link, b"XREAD", *command))
        finally:
            self._blocking = False

    def interrupt(self) -> None:
        """Unblock a read that blocks or is about to; later reads do not block."""
        self._interrupted = True
        while self._blocking:
            try:
                if self._link_id and self.client.client_unblock(self._link_id):
                    return
            except RedisError:
                return  # The read ends after its block time.
            time.sleep(_WAKE_INTERVAL)

    def resume(self) -> None:
        """Let reads block again after an ``interrupt``."""
        self._interrupted = False

    def close(self) -> None:
        """Return the connection of the blocking reads to its pool."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    # Commands whose name is bytes are not parsed by redis-py: the rows come as they are.

    def _read_own(self, count: int, after: str) -> list[Entry]:
        pages = self._group_command(
            b"XREADGROUP", "GROUP", self.group, self.consumer, "COUNT", count,
            "STREAMS", self.stream, after,
        )  # fmt: skip
        rows = rows_of_one(pages)
        self._own_after = rows[-1][0].decode() if len(rows) == count else None
        gone = [row[0].decode() for row in rows if row[1] is None]
        self.ack(gone)
        if len(rows) == len(gone):
            return []
        # A read from history has no delivery counts; XPENDING has.
        pending = self._group_command(
            b"XPENDING", self.stream, self.group, rows[0][0], rows[-1][0], len(rows), self.consumer
        )
        return self._entries(rows, {row[0].decode(): row[3] for row in pending})

    def _read_new(self, count: int, block_ms: int) -> list[Entry]:
        self._blocking = block_ms > 0
        try:
            link = self._connection() if block_ms > 0 else self.client
            block = () if self._interrupted else self._block(block_ms)
            pages = self._group_command(
                b"XREADGROUP", "GROUP", self.group, self.consumer, "COUNT", count, *block,
                "STREAMS", self.stream, ">", client=link,
            )  # fmt: skip
        finally:
            self._blocking = False
        return self._entries(rows_of_one(pages), {})

    def _entries(self, rows: Sequence[Any], deliveries: Mapping[str, int]) -> list[Entry]:
        self._portion.seen(sum(map(len, flat)) for _, flat in rows if flat)
        return entries_of(rows, deliveries)

    def _block(self, block_ms: int) -> tuple[str, int] | tuple[()]:
        timeout = self.client.get_connection_kwargs().get("socket_timeout")
        if timeout is not None:
            block_ms = min(block_ms, int(timeout * 500))
        return ("BLOCK", block_ms) if block_ms > 0 else ()

    def _connection(self) -> redis.Redis:
        """The one connection of all blocking reads; ``interrupt`` unblocks it by its id."""
        if self._link is None:
            pool = self.client.connection_pool
            self._link = redis.Redis(connection_pool=pool, single_connection_client=True)
            self._link_id = None
        if self._link_id is None:
            try:
                self._link_id = int(self._link.client_id())
            except NoPermissionError:
                self._link_id = 0
        return self._link

    def _group_command(self, *args: Any, client: redis.Redis | None = None) -> Any:
        """Send a command; a missing group is created again, and the answer is empty."""
        try:
            return self._send(client or self.client, *args) or ()
        except ResponseError as error:
            if not is_group_missing(error):
                raise
            self.ensure()
            self._own_after = None
            self.regrouped += 1
            LOGGER.warning(kv("group-made-anew", stream=self.stream, group=self.group, at="0"))
            return ()

    def _send(self, client: redis.Redis, *args: Any) -> Any:
        try:
            return client.execute_command(*args, NEVER_DECODE=True)
        except (ConnectionError, TimeoutError):
            self._own_after, self._link_id = "0", None
            raise

    def _script(self, script: Script, *args: str) -> Any:
        """Run a script; return None if the group is missing."""
        try:
            return script.run(self.client, [self.stream], [self.group, self.consumer, *args])
        except ResponseError as error:
            if not is_group_missing(error):
                raise
            return None

    def _acknowledge_deleted(self, ids: Collection[str]) -> None:
        if not ids:
            return
        candidates = list(ids)
        with self.client.pipeline(transaction=False) as pipe:
            for id in candidates:
                pipe.execute_command(b"XRANGE", self.stream, id, id, "COUNT", 1)
            found = pipe.execute()
        self.ack([id for id, rows in zip(candidates, found, strict=True) if not rows])
