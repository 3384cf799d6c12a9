"""Upstream's listeners. The state of workflows is the engine's: they hand events to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events import Entry, EventListener, receipt_for
from littleflow_redis.events.event_codec import encode
from littleflow_redis.events.reconnect import Outage
from littleflow_redis.events.script_batch import run_batch
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.following import BATCH
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.timers import Timers
from littleflow_redis.workers.version_skew import VersionSkew

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds between two looks at the timers if none is due sooner.
LOOK = 1.0

#: The group of wait listeners, in which nobody else serves tasks.
WAITING = "waiting"


class _Selecting(EventListener):
    """A listener for some kinds of events, in the call form of all of upstream's."""

    kinds: Sequence[str] = ()

    def __init__(
        self,
        key: str,
        group: str,
        host: str = "0.0.0.0",  # noqa: S104
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        pool: redis.ConnectionPool | None = None,
    ) -> None:
        super().__init__(
            key,
            group,
            host=host,
            port=port,
            username=username,
            password=password,
            pool=pool,
            select=self.kinds,
        )


class TaskStartListener(_Selecting):
    """Reads start-task events: override ``process`` to serve tasks.

    It appends an end-task when a task is done, and should echo the ``token`` of the start-task.
    """

    kinds = ("start-task",)


class LifecycleListener(_Selecting):
    """Reads what happens to whole workflows: override ``process`` to follow them.

    The lists of workflows are kept by the engine; ``workflows_key`` and ``inprogress_key`` are
    accepted for the sake of upstream.
    """

    kinds = ("start-workflow", "end-workflow", "terminated-workflow", "failed-workflow")

    def __init__(
        self,
        key: str,
        group: str,
        workflows_key: str | None = None,  # noqa: ARG002
        inprogress_key: str | None = None,  # noqa: ARG002
        host: str = "0.0.0.0",  # noqa: S104
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        pool: redis.ConnectionPool | None = None,
    ) -> None:
        super().__init__(key, group, host, port, username, password, pool)

    def process(self, id: str, event: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Send a receipt."""
        self.append(receipt_for(id))
        return True


class _Working(_Selecting):
    """A listener whose events the lifecycle worker acts on, with its timers beside it."""

    _worker: LifecycleWorker | None = None

    def listen(self) -> None:
        """Work until ``stop``; timers are fired in a thread of their own."""
        over = Stop()
        timers = threading.Thread(target=self._run_timers, args=(over,), daemon=True)
        timers.start()
        try:
            super().listen()
        finally:
            over.set()
            timers.join()

    def process(self, id: str, event: Mapping[str, Any]) -> bool:
        """Hand the event to the engine, which acknowledges it."""
        fields = {k.encode(): v.encode() for k, v in encode(event).items()}
        self._worker = self._worker or self._new_worker()
        self._worker.handle([Entry(id, fields, 1)])
        return True

    def _new_worker(self) -> LifecycleWorker:
        return LifecycleWorker(self._new_client(), group=self._group)

    def _new_client(self) -> Client:
        return Client(redis=self.connection, keys=Keys(stream=self._stream_key))

    def _run_timers(self, over: Stop) -> None:
        client = self._new_client()
        timers = Timers(client.context, VersionSkew(LOG), lambda _report: None)

        def run() -> None:
            while not over.is_set():
                wait = timers.fire_due(run_batch(client.redis, [timers.ask_due(BATCH)])[0])
                over.wait(0 if wait is None else min(wait, LOOK))

        Outage(self.connection, over, LOG).run(run)


class TaskEndListener(_Working):
    """Advances workflows as their tasks end, as the command ``worker`` does."""

    kinds = ("end-task",)

    def __init__(
        self,
        key: str,
        group: str,
        prefix: str = "",
        host: str = "0.0.0.0",  # noqa: S104
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        pool: redis.ConnectionPool | None = None,
    ) -> None:
        if prefix:
            raise ValueError(f"prefix {prefix!r}: leave it out; see run_workflow")
        super().__init__(key, group, host, port, username, password, pool)


class WaitTaskListener(_Working):
    """Runs the tasks ``wait:…``, as the command ``worker`` does; all others are left alone.

    In a group of another name than ``waiting`` others may serve those: there they stay pending.
    """

    kinds = ("start-task",)

    def __init__(
        self,
        key: str,
        group: str = WAITING,
        host: str = "0.0.0.0",  # noqa: S104
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        pool: redis.ConnectionPool | None = None,
    ) -> None:
        super().__init__(key, group, host, port, username, password, pool)

    def should_process(self, event: dict[str, Any]) -> bool:
        """Waits, and in a shared group what others of it may serve."""
        mine = self._group != WAITING or _waits(event)
        return super().should_process(event) and mine

    def process(self, id: str, event: Mapping[str, Any]) -> bool:
        """Hand a wait to the engine."""
        return _waits(event) and super().process(id, event)


def _waits(event: Mapping[str, Any]) -> bool:
    return str(event.get("base") or event.get("name") or "").startswith("wait:")
