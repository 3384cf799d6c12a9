"""The published tasks whose ends a bridge has to tell.

The truth is in Redis: ``take`` records a flight, and the script that closes its attempt removes it.
Here is what this process knows of it without asking.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from littleflow_redis.engine.model.task_events import StartTask

from ..ends.result_tuples import ReturnedIds

#: Seconds after which the end of a flight that is still there is told once more: far beyond the
#: time that ends wait in the stream of a busy server, so that none is told twice without need.
#: Each further pause is twice as long, up to the second: while no lifecycle worker runs, ends
#: gather there.
TELL_AGAIN, RARELY = 30.0, 3600.0

#: From so many flights on their way on, what comes next may wait for more, and seconds that it
#: waits: Celery has work meanwhile, and larger batches cost everyone less.
MANY, LINGER = 50, 0.005

#: Seconds that it waits at most where results come so fast, per second, that it gathers a batch; a
#: part of the time for which Celery has work.
LONGEST, FAST, PART = 0.03, 100.0, 0.25


class Publications:
    """Flights of this process and those taken over from the dead, by Celery id.

    Any thread may ``add`` and ``follow`` (single operations on a dict are atomic); all else is for
    the one that collects. ``tell_again`` is in seconds.
    """

    def __init__(
        self, tell_again: float = TELL_AGAIN, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tasks: dict[str, StartTask] = {}
        #: When each end was told last, and the pause after that.
        self._told: dict[str, tuple[float, float]] = {}
        self._begun: set[str] = set()
        self._noted: dict[str, str] = {}
        self._followed: dict[str, ReturnedIds] = {}
        #: Handed over and about to be published: nobody else needs to.
        self.in_hand: set[str] = set()
        self._tell_again = tell_again
        self._now = now
        self._pace = _Pace()

    def __contains__(self, id: str) -> bool:
        return id in self._tasks

    def add(self, id: str, task: StartTask) -> None:
        """Know a flight: before it is published, for its result may come at once."""
        # Without its data, of which there may be much.
        self._tasks[id] = replace(task, input=None, parameters=None, options={})

    def follow(self, id: str, returned: ReturnedIds) -> None:
        """Know of a flight that other tasks stand for it; any thread may."""
        self._followed[id] = returned

    @property
    def followed(self) -> dict[str, ReturnedIds]:
        """Of flights for which others stand: which."""
        return dict(self._followed)

    @property
    def linger(self) -> float:
        """Seconds to wait for more before the next batch: 0 while each step counts."""
        ahead = len(self._tasks) - len(self._told)
        if ahead < MANY:
            return 0.0
        rate = self._pace.per_second
        return min(LONGEST, PART * ahead / rate) if rate >= FAST else LINGER

    @property
    def ids(self) -> set[str]:
        """All that are known now."""
        return set(self._tasks)

    def to_tell(self, id: str) -> StartTask | None:
        """The task whose end has to be reported; None if it is not ours, or was reported lately."""
        at, pause = self._told.get(id, (0.0, 0.0))
        return self._tasks.get(id) if self._now() - at >= pause else None

    def to_begin(self, id: str) -> StartTask | None:
        """The task whose start has to be reported; None if it is not ours, or it was reported."""
        return None if id in self._begun else self._tasks.get(id)

    def begun(self, ids: Collection[str]) -> None:
        """Remember that the starts of these were reported."""
        self._begun.update(ids)

    def to_note(self, id: str, note: str) -> StartTask | None:
        """The task for which to report this note; None if it is not ours, or was reported."""
        return None if self._noted.get(id) == note else self._tasks.get(id)

    def noted(self, id: str, note: str) -> None:
        """Remember that this note was the last one reported."""
        self._noted[id] = note

    def answered(self, ids: Collection[str]) -> list[str]:
        """Those of these whose end was reported."""
        return [id for id in ids if id in self._told]

    def told(self, ids: Collection[str]) -> None:
        """Remember that these ends stand in the stream."""
        now = self._now()
        for id in ids:
            _, pause = self._told.get(id, (now, self._tell_again / 2))
            self._told[id] = now, min(2 * pause, RARELY)
        self._pace.add(len(ids))

    def forget(self, ids: Collection[str]) -> None:
        """Drop flights whose attempts are closed."""
        for id in ids:
            self._tasks.pop(id, None)
            self._told.pop(id, None)
            self._begun.discard(id)
            self._noted.pop(id, None)
            self._followed.pop(id, None)


class _Pace:
    """How many results come per second, of late."""

    def __init__(self) -> None:
        self._count, self._at = 0.0, time.monotonic()

    def add(self, count: int) -> None:
        self._count, self._at = self.per_second + count, time.monotonic()

    @property
    def per_second(self) -> float:
        """Earlier values fade by a factor of e each second."""
        return self._count * math.exp(self._at - time.monotonic())
