"""Attempts that were closed before their tasks ended: timed out, cancelled, terminated, deleted.

The script that closes an attempt moves its publication here. Such a task is revoked until Celery
stores an end for it, or for a time of grace. The end is then reported, for the record: it is late,
and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext


@dataclass(frozen=True, slots=True)
class _Closed:
    category: str
    record: Record


class AbandonedPublications:
    """The closed publications of some categories, for all bridges that serve these.

    ``task_of`` makes a task of a publication, None if its workflow is gone. One thread works
    with it.
    """

    def __init__(
        self,
        engine: EngineContext,
        categories: Iterable[str],
        task_of: Callable[[Record], StartTask | None],
        revoke_for: float,
    ) -> None:
        self._engine = engine
        self._categories = tuple(categories)
        self._task_of = task_of
        self._revoke_for = revoke_for
        self._known: dict[str, _Closed] = {}

    def __contains__(self, id: object) -> bool:
        return id in self._known

    @property
    def ids(self) -> Collection[str]:
        """Those that were not settled when ``look`` was called last, nor since."""
        return self._known.keys()

    def look(self) -> None:
        """Ask Redis which there are, and let go of those whose time is over. Raises RedisError."""
        with self._engine.redis.pipeline(transaction=False) as pipe:
            pipe.time()
            for category in self._categories:
                pipe.hgetall(self._engine.keys.abandoned_publications + category)
            (seconds, _), *found = pipe.execute()
        oldest = (seconds - self._revoke_for) * 1000
        self._known = {}
        for category, packed in zip(self._categories, found, strict=True):
            records = {id.decode(): Record(one) for id, one in packed.items()}
            over = [
                id for id, record in records.items() if record[PublicationRecord.SINCE] < oldest
            ]
            if over:
                self._engine.redis.hdel(self._engine.keys.abandoned_publications + category, *over)
            self._known |= {id: _Closed(category, r) for id, r in records.items() if id not in over}

    def settle(self, ids: Iterable[str]) -> dict[str, StartTask]:
        """Let go of tasks that have ended; return those whose end is for this bridge to report.

        Of several bridges that hear of it, one is the first. Raises RedisError.
        """
        known = {id: closed for id in ids if (closed := self._known.pop(id, None))}
        if not known:
            return {}
        with self._engine.redis.pipeline(transaction=False) as pipe:
            for id, closed in known.items():
                pipe.hdel(self._engine.keys.abandoned_publications + closed.category, id)
            first = pipe.execute()
        ours = [closed for closed, count in zip(known.items(), first, strict=True) if count]
        return {id: task for id, closed in ours if (task := self._task_of(closed.record))}
