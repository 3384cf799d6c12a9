"""Event streams: the feed as server-sent events, to a bounded number of listeners."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Self

from redis.exceptions import RedisError

from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.engine.views.feed import FeedEntry, Subscription
from littleflow_redis.events.logs import kv

from .limits import Cap
from .schemas.steps import ChangeSchema

LOG = logging.getLogger("littleflow_redis.api")

#: Seconds without news after which a comment tells that the stream is alive; proxies close silent
#: connections after half a minute or more.
HEARTBEAT = 10.0

#: Seconds between two looks if the listener is still there.
LOOK = 2.0

#: Milliseconds after which a browser that lost the stream asks for it again.
RETRY = 2_000

_BEGIN = f"retry: {RETRY}\n: here it begins\n\n".encode()
_ALIVE = b": alive\n\n"


class EventStream:
    """The body of an answer that goes on until the listener leaves or the service ends.

    ``gone`` says that the listener has left. Its place is free again once it is closed, whether a
    byte was read or not.
    """

    def __init__(
        self, subscription: Subscription, keys: Keys, cap: Cap, gone: Callable[[], bool]
    ) -> None:
        self._subscription = subscription
        self._keys = keys
        self._cap = cap
        self._gone = gone
        self._begun = self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if not self._begun:
            self._begun = True
            return _BEGIN
        silent_until = time.monotonic() + HEARTBEAT
        while not (self._subscription.closed or self._gone()):
            try:
                found = self._subscription.get(LOOK)
            except RedisError as error:
                # The listener asks again, from where it was.
                LOG.warning(kv("stream-ends", reason=error))
                break
            if found is not None:
                return event(found, self._keys)
            if time.monotonic() >= silent_until:
                return _ALIVE
        raise StopIteration

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._subscription.close()
            self._cap.leave()


@lru_cache(maxsize=1_000)
def event(found: FeedEntry, keys: Keys) -> bytes:
    """One entry of the feed as an event; made once for all listeners."""
    if found.reset:
        return f"id: {found.id}\nevent: reset\ndata: {{}}\n\n".encode()
    data: dict[str, Any] = {
        "workflow": keys.short_id(found.workflow),
        "state": found.state,
        "changes": ChangeSchema().dump(found.changes, many=True),
    }
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"id: {found.id}\nevent: change\ndata: {text}\n\n".encode()
