"""Metrics for Prometheus, in its text format.

Counters and histograms come from the hash ``workflows:counts``. The scripts write it with the
changes that they count, so counts outlive every process, and all processes report the same.
Its fields:

==============================  ==================================================================
``start``                       workflows that were started
``state:<STATE>``               workflows that came to this end
``step:<outcome>:<category>``   attempts by how they ended: see ``AttemptView.result``
``late`` ``duplicate``          ends that changed nothing
``unknown``                     ends of workflows that there are not
``dead``                        dead letters that were written
``<what>:<bucket>:<label>``     durations; ``<what>-ms:<label>`` their sum. ``workflow`` by state,
                                ``queue`` (emitted to started) and ``run`` by category
==============================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from ..model.records import BUCKETS
from ..model.states import WorkflowState
from .health import counts, read_health

if TYPE_CHECKING:
    import redis
    from prometheus_client.metrics_core import Metric

    from ..store.keys import Keys

#: The content type of :func:`text`.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_PREFIX = "littleflow_"
_DURATIONS = {
    "workflow": ("workflow_seconds", "How long workflows took from start to end.", "state"),
    "queue": ("queue_seconds", "How long attempts waited until they were taken up.", "category"),
    "run": ("run_seconds", "How long attempts ran from when they were taken up.", "category"),
}
_LOST = ("late", "duplicate", "unknown")


def text(client: redis.Redis, keys: Keys) -> str:
    """All metrics, in four round trips."""
    from prometheus_client import CollectorRegistry, generate_latest

    families = list(_families(client, keys))

    class Collector:
        def collect(self) -> Iterable[Metric]:
            return families

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return generate_latest(registry).decode()


def _families(client: redis.Redis, keys: Keys) -> Iterator[Metric]:
    counted = counts(client, keys)
    yield from _counters(counted)
    for what, (name, help, label) in _DURATIONS.items():
        yield _histogram(what, name, help, label, counted)
    yield from _gauges(client, keys)


def _counters(counted: Mapping[str, int]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    yield CounterMetricFamily(
        _PREFIX + "workflows_started", "Workflows that were started.", counted.get("start", 0)
    )
    ended = CounterMetricFamily(
        _PREFIX + "workflows_ended", "Workflows that ended, by how.", labels=["state"]
    )
    for state in WorkflowState:
        if state.ended:
            ended.add_metric([state.value], counted.get(f"state:{state}", 0))
    yield ended
    attempts = CounterMetricFamily(
        _PREFIX + "attempts",
        "Attempts that are closed, by category and how.",
        labels=["category", "outcome"],
    )
    for field, number in sorted(counted.items()):
        kind, _, rest = field.partition(":")
        outcome, _, category = rest.partition(":")
        if kind == "step":
            attempts.add_metric([category, outcome], number)
    yield attempts
    lost = CounterMetricFamily(
        _PREFIX + "ends_without_effect", "Ends that changed nothing, by why.", labels=["why"]
    )
    for why in _LOST:
        lost.add_metric([why], counted.get(why, 0))
    yield lost
    yield CounterMetricFamily(
        _PREFIX + "dead_letters_written", "Events that were given up.", counted.get("dead", 0)
    )


def _histogram(what: str, name: str, help: str, label: str, counted: Mapping[str, int]) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(_PREFIX + name, help, labels=[label])
    bounds = [str(ms / 1000) for ms in BUCKETS] + ["+Inf"]
    sum_of = f"{what}-ms:"
    for value in sorted(f.removeprefix(sum_of) for f in counted if f.startswith(sum_of)):
        # Lua counts from one.
        numbers = (counted.get(f"{what}:{i}:{value}", 0) for i in range(1, len(bounds) + 1))
        buckets = list(zip(bounds, accumulate(numbers), strict=True))
        family.add_metric([value], buckets, counted[sum_of + value] / 1000)
    return family


def _gauges(client: redis.Redis, keys: Keys) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    def gauge(name: str, help: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(_PREFIX + name, help, labels=labels)

    now = read_health(client, keys)
    states = gauge("workflows", "Workflows that there are, by state.", "state")
    with client.pipeline(transaction=False) as pipe:
        for state in WorkflowState:
            pipe.zcard(f"{keys.index}:{state}")
        for state, number in zip(WorkflowState, pipe.execute(), strict=True):
            states.add_metric([state.value], number)
    yield states
    age = gauge("queue_age_seconds", "Since when the oldest task waits that nobody took up.")
    waits = datetime.now(UTC) - now.oldest if now.oldest else None
    age.add_metric([], max(waits.total_seconds(), 0) if waits else 0)
    yield age
    for name, help, number in (
        ("stream_entries", "Entries of the stream.", now.stream_length),
        ("timers", "Timers that are armed.", now.timers),
        ("dead_letters", "Dead letters that are kept.", now.dead),
    ):
        family = gauge(name, help)
        family.add_metric([], number)
        yield family
    consumers = gauge("group_consumers", "Consumers of a group.", "group")
    pending = gauge("group_pending", "Entries read and not acknowledged.", "group")
    lag = gauge("group_lag", "Entries still to be read, counted up to 1000.", "group")
    for each in now.groups:
        consumers.add_metric([each.name], each.consumers)
        pending.add_metric([each.name], each.pending)
        lag.add_metric([each.name], each.lag)
    yield from (consumers, pending, lag)
    publications = gauge("bridge_in_flight", "Tasks published whose end has not come.", "category")
    for bridge in now.bridges:
        publications.add_metric([bridge.category], bridge.in_flight)
    yield publications
