"""The bridge: serves the steps of some categories with the tasks of a Celery app.

Per category a thread takes start-tasks from the stream and publishes them; one more turns results
into end-task events. So either reacts at once, whatever the other waits for.

With a lifecycle worker in the same process the stream only carries attempts that others emit.
Results are applied by the process that receives them, and attempts of the same categories that
follow are published at once.
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
from littleflow_redis.engine.store.handing import Serving
from littleflow_redis.engine.store.settings import Options
from littleflow_redis.engine.views.health import BRIDGE
from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.group import CLAIM_IDLE, GroupReader, consumer_name
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.applying import Applying
from littleflow_redis.workers.following import Following
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.version_skew import VersionSkew

from .broker.abandoned import REVOKE_FOR
from .broker.admission import MAX_IN_FLIGHT, Admission, PublishRate
from .broker.backends import publishes_results, result_backend
from .broker.dispatch import Dispatch
from .broker.embedded_lifecycle import EmbeddedLifecycle, Handing
from .broker.intake import Intake
from .broker.publications import Publications
from .broker.publish import Publisher
from .broker.result_collector import ResultCollector
from .broker.result_subscriber import ResultSubscriber
from .broker.result_sweeper import ResultSweeper
from .broker.results import Results
from .broker.revoke import Revoker
from .calls.call_builder import CallBuilder
from .calls.call_options import CallOptions
from .calls.task_ids import id_prefix
from .calls.task_lookup import TaskLookup
from .ends.result_sink import EventSink, ResultSink, ScriptSink

LOG = logging.getLogger("littleflow_redis.bridge")

#: Events read and results reported at once; `--batch` overrides it.
BATCH = 256

#: Seconds between two sweeps where the result backend publishes results, which leaves little to
#: find, and where it does not; `--sweep` overrides both.
SWEEP, POLL = 5.0, 1.0


class Part(Protocol):
    """A part of a process, with a thread of its own; tests run it once at a time."""

    def run(self) -> None: ...

    def turn(self, block: float = 0.0) -> int: ...


class Bridge:
    """Serves categories of steps; any number of bridges may serve the same ones.

    ``rules`` say how steps are called that do not say it, and which times hold for them. ``sweep``,
    ``claim_idle`` and ``revoke_for`` are in seconds; ``terminate_signal`` names the signal that
    ends tasks which run and are not wanted any more, by default none. ``max_in_flight`` and
    ``rate`` hold for each category, all its bridges together. A lifecycle ``worker`` on the same
    client works in this process too, and hands over what it emits for these categories.

    Raises ConfigurationError if the results of the app cannot be read, or the rules do not fit it.
    """

    def __init__(
        self,
        client: Client,
        app: Celery,
        categories: Sequence[str],
        names: TaskLookup,
        *,
        rules: CallOptions | None = None,
        stop: Stop | None = None,
        sweep: float | None = None,
        batch: int = BATCH,
        claim_idle: float = CLAIM_IDLE,
        revoke_for: float = REVOKE_FOR,
        terminate_signal: str | None = None,
        max_in_flight: int = MAX_IN_FLIGHT,
        rate: PublishRate | None = None,
        worker: LifecycleWorker | None = None,
    ) -> None:
        self.client = client
        self.worker = worker
        self.stop = stop or Stop()
        self.groups = {category: f"{BRIDGE}:{category}" for category in categories}
        self.publications = Publications()
        self._app = app
        self._results = Results(result_backend(app))
        rules = rules or CallOptions()
        rules.check(app, names, categories)
        self._calls = CallBuilder(app, names, rules)
        #: What the engine acts on, by category; None once it is stored.
        self._defaults: Mapping[str, Options] | None = rules.categories(categories)
        self._revoker = Revoker(app, terminate_signal)
        self._revoke_for = revoke_for
        self._max_in_flight = max_in_flight
        self._rate = rate
        self._consumer = consumer_name()
        self._batch = batch
        self._claim_idle = claim_idle
        if worker is not None and rate is None:
            client.transitions.serve(self._serving())
        self.sweep = sweep or (SWEEP if publishes_results(self._results.backend) else POLL)

    def _serving(self) -> Serving:
        """The attempts that scripts may hand over: none under a rate, which admission keeps."""
        served = {category: (group, id_prefix(category)) for category, group in self.groups.items()}
        queued = any(map(self._start_seen, self._app.tasks))
        return Serving(self._consumer, served, queued=queued, most=self._max_in_flight)

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
        redis, keys = self.client.redis, self.client.keys
        store_defaults(redis, keys, self._defaults, by_bridge=True)
        self._defaults = None
        if categories := without_timeout(redis, keys, list(self.groups)):
            shown = ",".join(category or "''" for category in categories)
            why = "the bridge waits for ever for a task that Celery loses or that stores no result"
            hint = "set --timeout SECONDS, --queue-timeout SECONDS, or $timeout in the flows"
            LOG.warning(kv("no-timeout", categories=shown, reason=why, next=hint))

    @contextmanager
    def parts(self, stop: Stop) -> Iterator[list[Part]]:
        """The parts that run side by side; after an error of Redis they are made anew."""
        with (
            ResultSubscriber(self._results, self.groups, lambda: self.publications.linger) as watch,
            ExitStack() as stack,
        ):
            intakes = {
                category: stack.enter_context(closing(self._intake(category, stop)))
                for category in self.groups
            }
            if self.worker is None:
                yield [
                    *intakes.values(),
                    self._collector(EventSink(self.client.context), watch, stop),
                ]
                return
            following = Following(self.client, VersionSkew(LOG))
            handing = Handing({category: intake.dispatch for category, intake in intakes.items()})
            self.worker.following.hand_over = following.hand_over = handing.send
            ends = ScriptSink(self.client.context, Applying(self.client, following))
            lifecycle = EmbeddedLifecycle(self.worker, stop)
            yield [*intakes.values(), self._collector(ends, watch, stop), lifecycle]

    def _intake(self, category: str, stop: Stop) -> Intake:
        # The same name after an error: what was in hand then is read again first.
        reader = GroupReader(
            self.client.redis,
            self.client.keys.events,
            self.groups[category],
            self._consumer,
            self._claim_idle,
        )
        reader.ensure()
        reader.drop_dead()
        dispatch = Dispatch(
            self.client,
            category,
            reader,
            self._calls,
            Publisher(self._app),
            self.publications,
            self._results,
            stop,
            self._start_seen,
        )
        gate = Admission(self.client, category, self._max_in_flight, self._rate)
        return Intake(
            self.client, category, reader, dispatch, self.publications, gate, self._batch, stop
        )

    def _start_seen(self, task: str) -> bool:
        """Whether a worker stores STARTED for it."""
        return bool(self._app.tasks[task].track_started)

    def _collector(self, ends: ResultSink, watch: ResultSubscriber, stop: Stop) -> ResultCollector:
        sweep = ResultSweeper(
            self.client,
            self._results,
            self.publications,
            self.groups,
            self._consumer,
            self._claim_idle,
            self._revoker,
            self._revoke_for,
        )
        return ResultCollector(self.client, ends, self.publications, watch, sweep, self.sweep, stop)


def served_categories(app: Celery, name: str, wanted: Sequence[str] = ()) -> list[str]:
    """The categories to serve: those wanted, or the empty one, the app's name and its module's.

    ``name`` is what was given to ``-A``; of a module in packages the outermost counts.

    Built-in ones are left out with a warning. Raises ConfigurationError for what can be no category
    and if none is left.
    """
    module = name.partition(":")[0].partition(".")[0]
    served = []
    for category in dict.fromkeys(wanted or ("", app.main or "", module)):
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
        raise ConfigurationError(
            "all these categories are built in: set --category to one of your own"
        )
    return served


def warn_about(app: Celery) -> None:
    """Log what the app's settings keep the engine from knowing."""
    if not app.conf.task_track_started:
        hint = "set task_track_started=True to see when a worker really begins"
        LOG.warning(kv("start-unseen", reason="publishing counts as the start", next=hint))
