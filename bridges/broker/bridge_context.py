"""The context of a bridge's parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.views.health import BRIDGE
from littleflow_redis.events.streams import consumer_name

from ..calls.served_app import ServedApp
from .answers import Answer
from .backends import publishes_results, result_backend
from .bridge_settings import POLL, SWEEP, BridgeSettings
from .publications import Publications
from .results import Results


@dataclass(frozen=True, slots=True)
class BridgeContext:
    """One bridge: its engine, the app that it serves, its settings, and its publications.

    Its parts share it, each in a thread of its own. It outlives them: after an outage of Redis they
    are made anew.
    """

    engine: EngineContext
    served: ServedApp
    settings: BridgeSettings
    results: Results
    #: The consumer group of each category; all bridges that serve it are in it.
    groups: Mapping[str, str]
    publications: Publications = field(default_factory=Publications)
    #: Of tasks that must not run twice and are not settled, by id: answers, none if it was sent.
    tried: dict[str, list[Answer]] = field(default_factory=dict)
    #: The bridge's name in its groups, and that of the owner of its publications.
    consumer: str = field(default_factory=consumer_name)

    @classmethod
    def create(
        cls, engine: EngineContext, served: ServedApp, settings: BridgeSettings | None = None
    ) -> Self:
        """Build the context of a new bridge; sends nothing.

        Raises ConfigurationError if the results of the app cannot be read.
        """
        groups = {category: f"{BRIDGE}:{category}" for category in served.categories}
        results = Results(result_backend(served.app))
        return cls(engine, served, settings or BridgeSettings(), results, groups)

    @property
    def sweep_every(self) -> float:
        """Seconds between two sweeps."""
        return self.settings.sweep or (SWEEP if publishes_results(self.results.backend) else POLL)
