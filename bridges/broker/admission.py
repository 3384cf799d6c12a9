"""Back-pressure: how much of a category may be with Celery, and how fast it gets there.

What may not go yet stays in the stream: a queue of Celery is the wrong place for a backlog, where
it can be neither seen nor taken back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext

from ..calls.task_ids import celery_id

#: Seconds for which a count of what is in flight is believed, while it is far from the limit.
BELIEVED = 1.0

#: Seconds' worth of tasks that go at once under a rate: each batch costs round trips.
AT_ONCE = 0.1

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_RATE = re.compile(r"(\d+(?:\.\d+)?)/([smh])", re.ASCII)


@dataclass(frozen=True, slots=True)
class PublishRate:
    """Tasks per second that a category may publish, all its bridges together."""

    per_second: float

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``100/s``, ``30/m`` or ``5/h``. Raises ValueError."""
        found = _RATE.fullmatch(text.strip())
        if not found or not float(found[1]):
            raise ValueError(f"{text!r} is no rate: write it as in 100/s, 30/m or 5/h")
        return cls(float(found[1]) / _SECONDS[found[2]])

    @property
    def interval(self) -> int:
        """Microseconds between two tasks."""
        return max(round(1e6 / self.per_second), 1)

    @property
    def at_once(self) -> int:
        return max(int(self.per_second * AT_ONCE), 1)


class Admission:
    """Lets the tasks of one category through; one thread works with it.

    ``max_in_flight`` counts the publications of all bridges, 0 for no limit.
    """

    def __init__(
        self,
        engine: EngineContext,
        category: str,
        max_in_flight: int,
        rate: PublishRate | None,
    ) -> None:
        #: Seconds until it is worth asking again, after tasks were kept back.
        self.pause = 0.0
        self._engine = engine
        self._category = category
        self._most = max_in_flight
        self._rate = rate
        self._counted, self._count = float("-inf"), 0

    def admit(self, tasks: Sequence[StartTask]) -> list[StartTask]:
        """Those of these tasks that may go now. Raises RedisError."""
        if self._has_room(len(tasks)):
            self._count += len(tasks)
            return list(tasks)
        count, self.pause = self._ask(len(tasks))
        self._count += count
        if count >= len(tasks):
            return list(tasks)
        # What a bridge recorded before it died is counted already, and may be what fills the limit.
        recorded = self._recorded(tasks)
        fresh = [task for task in tasks if task.event not in recorded]
        return [task for task in tasks if task.event in recorded] + fresh[:count]

    def _has_room(self, wanted: int) -> bool:
        """Tell without asking Redis, which costs a round trip: far from the limit it is not due."""
        if self._rate:
            return False
        if not self._most:
            return True
        if time.monotonic() - self._counted > BELIEVED:
            self._count = self._engine.redis.hlen(self._engine.keys.publications + self._category)
            self._counted = time.monotonic()
        return self._count + wanted <= self._most / 2

    def _ask(self, wanted: int) -> tuple[int, float]:
        interval, at_once = (self._rate.interval, self._rate.at_once) if self._rate else (0, 0)
        return self._engine.transitions.admit_publications(
            self._category, wanted, self._most, interval, at_once
        )

    def _recorded(self, tasks: Sequence[StartTask]) -> set[str]:
        """The events of those that are in flight already."""
        ids = [celery_id(self._category, t.workflow, t.index, t.token) for t in tasks]
        key = self._engine.keys.publications + self._category
        found = self._engine.redis.hmget(key, ids)
        return {task.event for task, one in zip(tasks, found, strict=True) if one}
