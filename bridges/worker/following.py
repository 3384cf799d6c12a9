"""The ends of steps whose tasks were replaced, or returned the results of others.

The bridge's collector reads them in the app's result backend. One of the workers of an app has that
role, by lease; the lease is of those alone that read in the same place for the same categories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from celery.backends.base import Backend

from littleflow_redis.engine.client import Client
from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.executor.roles import Role

from ..broker.backends import result_backend
from ..broker.bridge_context import BridgeContext
from ..broker.bridge_settings import BridgeSettings
from ..broker.result_collector import ResultCollector
from ..broker.result_subscriber import ResultSubscriber
from ..broker.result_sweeper import ResultSweeper
from ..broker.revoke import Revoker
from ..calls.served_app import ServedApp
from .inherited import close_backend
from .worker_settings import WorkerSettings

#: Seconds between two looks: the ids of such tasks have no prefix by which to hear of all results.
LOOK_EVERY = 1.0

#: Hex digits that tell leases apart.
DIGEST = 12


class ResultsRole(Role):
    """The role of who reads results, of an app whose backend is at this address."""

    def __init__(
        self, client: Client, process: str, served: ServedApp, own: WorkerSettings, address: str
    ) -> None:
        text = "\n".join([address, *sorted(served.categories)])
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:DIGEST]
        super().__init__(client, process, f"results:{digest}", self._collect)
        self._engine = client.context
        self._served = served
        self._signal = own.terminate_signal
        #: That of the thread which reads: not all kinds may be shared.
        self._backend: Backend | None = None

    def close_inherited(self) -> None:
        close_backend(self._backend)

    def _collect(self, stop: Stop) -> Callable[[], None]:
        settings = BridgeSettings(sweep=LOOK_EVERY, terminate_signal=self._signal)
        bridge = BridgeContext.create(self._engine, self._served, settings)
        self._backend = bridge.results.backend
        sweep = ResultSweeper(bridge, Revoker(self._served.app, self._signal), followed=True)
        # It never listens, and only waits until the next look is due.
        heard = ResultSubscriber(bridge.results, ())
        return ResultCollector(bridge, heard, sweep, stop).run


def following(
    client: Client, process: str, served: ServedApp, own: WorkerSettings
) -> Sequence[ResultsRole]:
    """The role, if the results of the app can be read; else no step waits for one."""
    try:
        address = result_backend(served.app).as_uri()
    except ConfigurationError:
        return ()
    return [ResultsRole(client, process, served, own, address)]
