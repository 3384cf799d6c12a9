"""The bridge: serves the steps of some categories with the tasks of a Celery app.

Per category a thread takes start-tasks from the stream and publishes them; one more turns results
into end-task events. So either reacts at once, whatever the other waits for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from typing import Protocol

from celery import Celery

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.defaults import store_defaults, without_timeout
from littleflow_redis.engine.store.settings import Options
from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Stop

from .app import own_categories
from .broker.admission import Admission
from .broker.bridge_context import BridgeContext
from .broker.bridge_settings import BridgeSettings
from .broker.dispatch import Dispatch
from .broker.intake import Intake
from .broker.result_collector import ResultCollector
from .broker.result_subscriber import ResultSubscriber
from .broker.result_sweeper import ResultSweeper
from .broker.revoke import Revoker
from .calls.served_app import ServedApp

LOG = logging.getLogger("littleflow_redis.bridge")


class Part(Protocol):
    """A part of a process, with a thread of its own; tests run it once at a time."""

    def run(self) -> None: ...

    def turn(self, block: float = 0.0) -> int: ...


class Bridge:
    """Serves categories of steps; any number of bridges may serve the same ones.

    Raises ConfigurationError if the results of the app cannot be read.
    """

    def __init__(
        self,
        client: Client,
        served: ServedApp,
        settings: BridgeSettings | None = None,
        *,
        stop: Stop | None = None,
    ) -> None:
        self.client = client
        self.stop = stop or Stop()
        self.context = BridgeContext.create(client.context, served, settings)
        self._settings = self.context.settings
        #: What the engine acts on, by category; None once it is stored.
        self._defaults: Mapping[str, Options] | None = served.rules.categories(served.categories)
        self._revoker = Revoker(served.app, self._settings.terminate_signal)

    def run(self) -> None:
        """Work until stopped. Raises what Redis raises: the caller waits and calls again."""
        self._store_defaults()
        stop = Stop(self.stop.pulse)
        with (
            self.stop.waking(stop.set),
            self.parts(stop) as parts,
            ThreadPoolExecutor(len(parts), "bridge") as threads,
        ):
            try:
                for future in as_completed([threads.submit(part.run) for part in parts]):
                    future.result()
            finally:
                # What ends one of them, such as a lost connection, ends all.
                stop.set()

    def _store_defaults(self) -> None:
        """Once: after an outage another bridge may have stored newer ones."""
        if self._defaults is None:
            return
        redis, keys = self.context.engine.redis, self.context.engine.keys
        store_defaults(redis, keys, self._defaults, by_bridge=True)
        self._defaults = None
        if categories := without_timeout(redis, keys, list(self.context.groups)):
            shown = ",".join(category or "''" for category in categories)
            why = "the bridge waits for ever for a task that Celery loses or that stores no result"
            hint = "set --timeout SECONDS, --queue-timeout SECONDS, or $timeout in the flows"
            LOG.warning(kv("no-timeout", categories=shown, reason=why, next=hint))

    @contextmanager
    def parts(self, stop: Stop) -> Iterator[list[Part]]:
        """The parts that run side by side; after an error of Redis they are made anew."""
        bridge = self.context
        with (
            ResultSubscriber(
                bridge.results, bridge.groups, lambda: bridge.publications.linger
            ) as watch,
            ExitStack() as stack,
        ):
            intakes = [
                stack.enter_context(closing(self._intake(category, stop)))
                for category in bridge.groups
            ]
            sweep = ResultSweeper(bridge, self._revoker)
            yield [*intakes, ResultCollector(bridge, watch, sweep, stop)]

    def _intake(self, category: str, stop: Stop) -> Intake:
        bridge, settings = self.context, self._settings
        # The same name after an error: what was in hand then is read again first.
        reader = GroupReader(
            bridge.engine.redis,
            bridge.engine.keys.events,
            bridge.groups[category],
            bridge.consumer,
            settings.claim_idle,
        )
        reader.ensure()
        reader.drop_dead()
        dispatch = Dispatch(bridge, category, reader, stop)
        gate = Admission(bridge.engine, category, settings.max_in_flight, settings.rate)
        return Intake(bridge, dispatch, gate, stop)


def served_categories(app: Celery, name: str, wanted: Sequence[str] = ()) -> list[str]:
    """The categories to serve: those wanted, or those that the app serves unasked.

    Built-in ones are left out with a warning. Raises ConfigurationError for what can be no category
    and if none is left.
    """
    served = []
    for category in dict.fromkeys(wanted or own_categories(app, name)):
        if ":" in category:
            raise ConfigurationError(
                f"category {category!r}: set --category to the part before the colon, "
                f"{category.partition(':')[0]!r}"
            )
        if category in BUILTIN_CATEGORIES:
            hint = "its steps are run by the worker: give your steps another category"
            LOG.warning(kv("category-built-in", category=category, next=hint))
        else:
            served.append(category)
    if not served:
        raise ConfigurationError("all these categories are built in: serve one of your own")
    return served


def warn_about(app: Celery) -> None:
    """Log what the app's settings keep the engine from knowing."""
    if not app.conf.task_track_started:
        hint = "set task_track_started=True to see when a worker really begins"
        LOG.warning(kv("start-unseen", reason="publishing counts as the start", next=hint))
