"""A stream of events: append, look and delete. The call forms are those of ``rqse``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import redis

from littleflow_redis.events.connection import ConnectionSettings, connection_pool
from littleflow_redis.events.event_codec import Event, decode, decode_tolerant, encode


class EventClient:
    """One stream, named by ``key``.

    Without ``pool`` it makes a pool of its own from the other arguments. Raises ValueError if
    ``key`` is None.
    """

    def __init__(
        self,
        key: str,
        host: str = "0.0.0.0",  # noqa: S104
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        pool: redis.ConnectionPool | None = None,
    ) -> None:
        if key is None:
            raise ValueError("key is None; give the name of a stream such as workflows:run")
        self._stream_key = key
        self._owns_pool = pool is None
        self._pool = pool or connection_pool(
            ConnectionSettings(host=host, port=int(port), username=username, password=password)
        )
        self._connection = redis.Redis(connection_pool=self._pool)

    @property
    def pool(self) -> redis.ConnectionPool:
        """The pool of connections to Redis."""
        return self._pool

    @property
    def connection(self) -> redis.Redis:
        """A client of Redis, safe to share between threads."""
        return self._connection

    def append(self, data: Mapping[str, Any]) -> str:
        """Append an event; return its id. Raises TypeError or ValueError if it is no JSON."""
        id = self.connection.xadd(self._stream_key, cast("Any", encode(data)))
        return id.decode() if isinstance(id, bytes) else str(id)

    def delete(self, *ids: str) -> int:
        """Delete events for good, for every group; return how many were there."""
        return int(self.connection.xdel(self._stream_key, *ids))

    def read(self, count: int = 1) -> Iterator[tuple[str, Event]]:
        """Go through the oldest ``count`` events, as ``range`` does."""
        return self.range(count=count)

    def range(
        self,
        start: str = "-",
        finish: str = "+",
        count: int | None = 1,
        *,
        tolerant: bool = False,
    ) -> Iterator[tuple[str, Event]]:
        """Go through up to ``count`` events (None: all) with ids from ``start`` to ``finish``.

        Raises GarbageError at an entry that is no event, unless it is ``tolerant``: then what is
        not JSON stands there as text.
        """
        limit = () if count is None else ("COUNT", count)
        # A name of bytes keeps redis-py from parsing; fields stay bytes whatever the pool decodes.
        rows = self.connection.execute_command(
            b"XRANGE", self._stream_key, start, finish, *limit, NEVER_DECODE=True
        )
        read = decode_tolerant if tolerant else decode
        for id, flat in rows or ():
            yield id.decode(), read(dict(zip(flat[::2], flat[1::2], strict=True)))

    def __len__(self) -> int:
        return int(self.connection.xlen(self._stream_key))

    def delete_stream(self) -> int:
        """Delete the stream with all its events and groups; return 1 if it was there."""
        return int(self.connection.delete(self._stream_key))

    def close(self) -> None:
        """Close the connections, unless the pool is the caller's."""
        if self._owns_pool:
            self._pool.disconnect()
