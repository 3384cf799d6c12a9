"""The published tasks whose ends a bridge has to report.

The truth is in Redis: ``claim_attempt`` records a publication, and the script that closes its
attempt removes it. Here is what this process knows of it without asking.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from littleflow_redis.engine.model.task_events import StartTask

from ..ends.result_tuples import ReturnedIds

#: Seconds after which the end of a publication that is still there is reported once more: far
#: beyond the time that ends wait in the stream of a busy server, so that none is reported twice
#: without need.
#: Each further pause is twice as long, up to the second: while no lifecycle worker runs, ends
#: gather there.
REPORT_AGAIN, RARELY = 30.0, 3600.0

#: From so many publications on their way on, what comes next may wait for more, and seconds that it
#: waits: Celery has work meanwhile, and larger batches cost everyone less.
MANY, LINGER = 50, 0.005

#: Seconds that it waits at most where results come so fast, per second, that it gathers a batch; a
#: part of the time for which Celery has work.
LONGEST, FAST, PART = 0.03, 100.0, 0.25


class Publications:
    """Publications of this process and those taken over from the dead, by Celery id.

    Any thread may ``add`` and ``follow`` (single operations on a dict are atomic); all else is for
    the one that collects. ``report_again`` is in seconds.
    """

    def __init__(
        self, report_again: float = REPORT_AGAIN, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tasks: dict[str, StartTask] = {}
        #: When each end was reported last, and the pause after that.
        self._ends_reported: dict[str, tuple[float, float]] = {}
        self._starts_reported: set[str] = set()
        self._notes_reported: dict[str, str] = {}
        self._followed: dict[str, ReturnedIds] = {}
        self._report_again = report_again
        self._now = now
        self._pace = _Pace()

    def __contains__(self, id: str) -> bool:
        return id in self._tasks

    def add(self, id: str, task: StartTask) -> None:
        """Know a publication: before it is published, for its result may come at once."""
        # Without its data, of which there may be much.
        self._tasks[id] = replace(task, input=None, parameters=None, options={})

    def follow(self, id: str, returned: ReturnedIds) -> None:
        """Know of a publication that other tasks stand for it; any thread may."""
        self._followed[id] = returned

    @property
    def followed(self) -> dict[str, ReturnedIds]:
        """Of publications for which others stand: which."""
        return dict(self._followed)

    @property
    def linger(self) -> float:
        """Seconds to wait for more before the next batch: 0 while each step counts."""
        ahead = len(self._tasks) - len(self._ends_reported)
        if ahead < MANY:
            return 0.0
        rate = self._pace.per_second
        return min(LONGEST, PART * ahead / rate) if rate >= FAST else LINGER

    @property
    def ids(self) -> set[str]:
        """All that are known now."""
        return set(self._tasks)

    def end_to_report(self, id: str) -> StartTask | None:
        """The task whose end has to be reported; None if it is not ours, or was reported lately."""
        at, pause = self._ends_reported.get(id, (0.0, 0.0))
        return self._tasks.get(id) if self._now() - at >= pause else None

    def start_to_report(self, id: str) -> StartTask | None:
        """The task whose start has to be reported; None if it is not ours, or it was reported."""
        return None if id in self._starts_reported else self._tasks.get(id)

    def mark_starts_reported(self, ids: Collection[str]) -> None:
        """Remember that the starts of these were reported."""
        self._starts_reported.update(ids)

    def note_to_report(self, id: str, note: str) -> StartTask | None:
        """The task for which to report this note; None if it is not ours, or was reported."""
        return None if self._notes_reported.get(id) == note else self._tasks.get(id)

    def mark_note_reported(self, id: str, note: str) -> None:
        """Remember that this note was the last one reported."""
        self._notes_reported[id] = note

    def answered(self, ids: Collection[str]) -> list[str]:
        """Those of these whose end was reported."""
        return [id for id in ids if id in self._ends_reported]

    def mark_ends_reported(self, ids: Collection[str]) -> None:
        """Remember that these ends stand in the stream."""
        now = self._now()
        for id in ids:
            _, pause = self._ends_reported.get(id, (now, self._report_again / 2))
            self._ends_reported[id] = now, min(2 * pause, RARELY)
        self._pace.add(len(ids))

    def forget(self, ids: Collection[str]) -> None:
        """Drop publications whose attempts are closed."""
        for id in ids:
            self._tasks.pop(id, None)
            self._ends_reported.pop(id, None)
            self._starts_reported.discard(id)
            self._notes_reported.pop(id, None)
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
