"""The categories that a process serves, and of each the queues that it consumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.views.health import STEPS
from littleflow_redis.events.group import CLAIM_IDLE
from littleflow_redis.language.flow import Json

from ..start_tasks import MAX_DEATHS


class Place(NamedTuple):
    """A category and one of its queues; empty for a category that is not divided."""

    category: str
    queue: str


@dataclass(frozen=True, slots=True)
class ServedQueues:
    """The categories that a process serves, and the queues of each, which are asked at each read.

    A category without queues is left to others for now. ``leaves`` says whether a step that the
    process would take is better left to others of its group. ``kind`` is the first part of the
    names of its groups. ``defaults``: the categories' options that the engine acts on.
    ``claim_idle`` is in seconds, ``max_deaths`` 0 for no limit.
    """

    categories: Sequence[str]
    queues: Callable[[str], Sequence[str]] = field(default=lambda _: ("",))
    leaves: Callable[[StartTask], bool] = field(default=lambda _: False)
    kind: str = STEPS
    defaults: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    claim_idle: float = CLAIM_IDLE
    max_deaths: int = MAX_DEATHS

    def places(self) -> list[Place]:
        """Each queue that is consumed now."""
        return [
            Place(category, queue)
            for category in self.categories
            for queue in self.queues(category)
        ]

    def group(self, place: Place) -> str:
        """The consumer group of a queue."""
        owner = self.owner(place.category)
        return f"{owner}:{place.queue}" if place.queue else owner

    def owner(self, category: str) -> str:
        """The owner of attempts that are handed over."""
        return f"{self.kind}:{category}"

    def owners(self) -> dict[str, str]:
        """The owners of all attempts that may be handed over now, by category."""
        return {name: self.owner(name) for name in self.categories if self.queues(name)}
