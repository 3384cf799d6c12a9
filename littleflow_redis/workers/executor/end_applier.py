"""Applies the ends of tasks in batches, and hands on what the scripts hand over."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import EndTask
from littleflow_redis.engine.store.handing import Serving
from littleflow_redis.events.reconnect import is_temporary

from ..applying import Applying
from ..following import Following, HandOver
from ..version_skew import VersionSkew

LOG = logging.getLogger("littleflow_redis.worker")

#: Ends applied in one call.
BATCH = 256

#: Seconds between two looks for timers that others have set.
ASK_EVERY = 1.0


class PendingEnd(NamedTuple):
    """An end; ``fields`` are those of its event, for an engine of a newer form than ours.

    ``applied`` is called when it is applied or written to the stream.
    """

    end: EndTask
    fields: Callable[[], dict[str, str]]
    applied: Callable[[], None]


class EndApplier:
    """Applies ends in a thread of its own; any thread may ``add`` them.

    ``room`` says how many attempts this process can take on, beside those whose ends are applied.
    """

    def __init__(
        self, client: Client, serving: Serving, room: Callable[[], int], hand_over: HandOver
    ) -> None:
        self._client = client
        self._serving = serving
        self._room = room
        self.following = Following(client, VersionSkew(LOG), ASK_EVERY)
        self.following.hand_over = hand_over
        self._applying = Applying(client, self.following)
        self._ends: deque[PendingEnd] = deque()
        self._batch: list[PendingEnd] = []
        self._wake = threading.Event()
        self._closing = False

    def add(self, end: PendingEnd) -> None:
        self._ends.append(end)
        self._wake.set()

    def close(self) -> None:
        """Have ``run`` return when all ends are applied."""
        self._closing = True
        self._wake.set()

    def run(self) -> None:
        """Work until closed. Raises RedisError: what was not applied is kept."""
        while not (self._closing and not self._batch and not self._ends):
            self.run_once(ASK_EVERY)

    def run_once(self, block: float = 0.0) -> int:
        """Apply what there is, waiting ``block`` seconds for it; return how many ends."""
        if not self._ends and not self._batch and not self._closing:
            self._wake.wait(self.following.patience(block))
        self._wake.clear()
        while self._ends and len(self._batch) < BATCH:
            self._batch.append(self._ends.popleft())
        if not self._batch:
            self.following.ask()
            return 0
        self._apply(self._batch)
        done, self._batch = self._batch, []
        for one in done:
            one.applied()
        return len(done)

    def _apply(self, batch: Sequence[PendingEnd]) -> None:
        packed = self._serving.packed(0 if self._closing else max(0, self._room()) + len(batch))
        try:
            left = self._applying.apply([one.end for one in batch], packed)
        except RedisError as error:
            if is_temporary(error):
                raise
            left = [*range(len(batch))]
        if left:
            with self._client.redis.pipeline(transaction=False) as pipe:
                for place in left:
                    pipe.xadd(self._client.keys.events, cast("Any", batch[place].fields()))
                pipe.execute()
