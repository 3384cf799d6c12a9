"""The ends of steps whose tasks were replaced, or returned the results of others.

The bridge's collector reads them in the app's result backend. One of the workers of an app has that
role, by lease; the lease is of those alone that read in the same place for the same categories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial

from celery import Celery
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
from .worker_settings import WorkerSettings

#: Seconds between two looks: the ids of such tasks have no prefix by which to hear of all results.
LOOK_EVERY = 1.0

#: Hex digits that tell leases apart.
DIGEST = 12


def readable_backend(app: Celery) -> Backend | None:
    """The app's result backend, None if its results cannot be read: then no step waits for one."""
    try:
        return result_backend(app)
    except ConfigurationError:
        return None


def following(
    client: Client, process: str, served: ServedApp, backend: Backend | None, own: WorkerSettings
) -> Sequence[Role]:
    """The role, if there is a backend to read in."""
    if backend is None:
        return ()
    text = "\n".join([backend.as_uri(), *sorted(served.categories)])
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:DIGEST]
    work = partial(_collect, client, served, own.terminate_signal)
    return [Role(client, process, f"results:{digest}", work)]


def _collect(
    client: Client, served: ServedApp, signal: str | None, stop: Stop
) -> Callable[[], None]:
    settings = BridgeSettings(sweep=LOOK_EVERY, terminate_signal=signal)
    bridge = BridgeContext.create(client.context, served, settings)
    sweep = ResultSweeper(bridge, Revoker(served.app, signal), followed=True)
    # It never listens, and only waits until the next look is due.
    heard = ResultSubscriber(bridge.results, ())
    return ResultCollector(bridge, heard, sweep, stop).run
