"""Applies the ends of tasks in batches, and hands on what the scripts hand over."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.handing import Serving
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.script_batch import TOGETHER

from ..applying import Applying
from ..following import Following, HandOver
from ..version_skew import VersionSkew
from .pending_end import PendingEnd
from .wake_up import WakeUp

LOG = logging.getLogger("littleflow_redis.worker")

#: Ends applied in one call: as many as one call of their script takes, for each call may hand over
#: as much as there is room.
BATCH = TOGETHER

#: Seconds between two looks for timers that others have set.
ASK_EVERY = 1.0


class EndApplier:
    """Applies ends, in a thread of its own or those that ``help``; any thread may ``add`` them.

    ``serving`` says which attempts this process takes on, ``room`` how many. ``applied`` is given
    each task whose end was applied, or written to the stream.
    """

    def __init__(
        self,
        client: Client,
        serving: Callable[[], Serving],
        room: Callable[[], int],
        hand_over: HandOver,
        applied: Callable[[StartTask], None],
    ) -> None:
        self._client = client
        self._serving = serving
        self._room = room
        self._applied = applied
        self._following = Following(client, VersionSkew(LOG), ASK_EVERY, hand_over)
        self._applying = Applying(client, self._following)
        self._ends: deque[PendingEnd] = deque()
        self._batch: list[PendingEnd] = []
        self._applying_now = threading.Lock()
        self._wake = WakeUp()
        self._closing = False

    def add(self, end: PendingEnd, *, wake: bool = True) -> None:
        """Take an end; unless ``wake``, the caller sees to it that ``help`` is called soon."""
        self._ends.append(end)
        if wake:
            self._wake.set()

    def help(self) -> bool:
        """Apply what there is in the calling thread, unless another is at it: that takes it along.

        It spares the way to another thread and back, which takes longer than applying an end.
        Returns False if that failed: a reply may be lost, and the thread of its own tries again.
        """
        while self._ends and self._applying_now.acquire(blocking=False):
            try:
                self._apply_some()
            except RedisError as error:
                LOG.debug(kv("ends-kept", error=error))
                self._wake.set()
                return False
            # The caller has run a task, and must not hear of anything else.
            except Exception:
                LOG.exception(kv("ends-kept"))
                self._wake.set()
                return False
            finally:
                self._applying_now.release()
        return True

    @property
    def waiting(self) -> int:
        """How many ends are not applied yet."""
        return len(self._ends) + len(self._batch)

    def close(self) -> None:
        """Say that no more ends will come."""
        self._closing = True
        self._wake.set()

    @property
    def done(self) -> bool:
        """Whether all ends are applied and no more will come."""
        return self._closing and not self._batch and not self._ends

    def run_once(self, block: float) -> None:
        """Apply what there is, waiting ``block`` seconds for it.

        Raises RedisError: what was not applied is kept.
        """
        if not self._ends and not self._batch and not self._closing:
            self._wake.wait(self._following.patience(block))
        self._wake.clear()
        with self._applying_now:
            self._apply_some()
            self._following.ask()

    def _apply_some(self) -> None:
        while self._ends and len(self._batch) < BATCH:
            self._batch.append(self._ends.popleft())
        if not self._batch:
            return
        self._apply(self._batch)
        done, self._batch = self._batch, []
        for one in done:
            self._applied(one.task)

    def _apply(self, batch: Sequence[PendingEnd]) -> None:
        packed = self._serving().packed(max(0, self._room()))
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
