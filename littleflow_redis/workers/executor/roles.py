"""Work that one process does for all: driving workflows, keeping the stream.

Any number may do it at once without harm. It is held by lease only so that it costs little: one
process works, and all others ask whether the lease is free. Who dies is replaced when its lease
runs out.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.contracts import HoldLease
from littleflow_redis.engine.store.script_loader import scripts_for
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Stop

from ..lifecycle import LifecycleWorker
from ..receipts import Receipts
from .supervised import supervised

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds that a lease holds without being renewed, and between two renewals or questions.
LEASE, ASK_EVERY = 8.0, 2.0

#: Final state → seconds after which such workflows are deleted.
Retain = Mapping[WorkflowState, float]

#: Builds what does the work of a role until a stop.
Work = Callable[[Stop], Callable[[], None]]


def _lifecycle(client: Client, retain: Retain, stop: Stop) -> Callable[[], None]:
    return LifecycleWorker(client, stop, retain=retain).run


def _receipts(client: Client, _: Retain, stop: Stop) -> Callable[[], None]:
    return Receipts(client, stop, show=lambda line: LOG.debug("%s", line)).run


#: The roles that any process can have.
ROLES: Mapping[str, Callable[[Client, Retain, Stop], Callable[[], None]]] = {
    "lifecycle": _lifecycle,
    "receipts": _receipts,
}


class Role:
    """A role of a process: one thread asks for the lease, another works while it holds.

    The lease has the name of the role.
    """

    def __init__(self, client: Client, process: str, name: str, work: Work) -> None:
        self._client = client
        self._process = process
        self._name = name
        self._new_work = work
        self._key = client.keys.role + name
        self._stop = Stop()
        self._thread = threading.Thread(target=self._run, name=f"littleflow-{name}", daemon=True)
        self._working: tuple[Stop, threading.Thread] | None = None

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop working and give the lease up."""
        self._stop.set()
        self._thread.join()

    def close_inherited(self) -> None:
        """In a child of this process: close what its work has opened, beside the client."""

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                held = self.ask()
            except RedisError as error:
                # Without Redis nobody else works either.
                LOG.debug(kv("lease-unknown", role=self._name, error=error))
            else:
                self._work_while(held)
            self._stop.wait(ASK_EVERY)
        self._work_while(held=False)
        try:
            self._hold(0)
        except RedisError as error:
            LOG.debug(kv("lease-left", role=self._name, error=error))

    def ask(self) -> bool:
        """Take the lease or keep it; return whether this process has it. Raises RedisError."""
        return self._hold(LEASE)

    def _hold(self, seconds: float) -> bool:
        args = HoldLease(holder=self._process, ms=round(seconds * 1000))
        return bool(scripts_for(self._client.keys).run(self._client.redis, args, self._key))

    def _work_while(self, held: bool) -> None:
        if held and self._working is None:
            stop = Stop()
            thread = supervised(self._client, stop, f"{self._name}-work", self._new_work(stop))
            self._working = stop, thread
            thread.start()
            LOG.info(kv("role-taken", role=self._name, process=self._process))
        elif not held and self._working is not None:
            stop, thread = self._working
            self._working = None
            stop.set()
            thread.join()
            LOG.info(kv("role-left", role=self._name, process=self._process))


def roles(
    client: Client, process: str, names: Iterable[str], retain: Retain | None = None
) -> list[Role]:
    """Those of :data:`ROLES` with these names, for a process."""
    return [
        Role(client, process, name, partial(ROLES[name], client, retain or {})) for name in names
    ]
