"""The states that tasks store while they run, noted for people: Celery's retries, and their own.

None of it ends an attempt, and nothing hangs on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from celery import states

from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.event_codec import sendable
from littleflow_redis.events.script_batch import Call

from ..ends.task_result import MAX_NOTE, TaskResult
from .publications import Publications

#: States that say nothing beyond what the engine knows.
SILENT = frozenset({states.PENDING, states.RECEIVED, states.STARTED, states.REVOKED})


class Progress:
    """Notes the progress of publications; one thread uses it."""

    def __init__(self, engine: EngineContext, publications: Publications) -> None:
        self._engine = engine
        self._publications = publications

    def report(self, results: Sequence[TaskResult], *, heard: bool) -> None:
        """Note what these results say. Raises RedisError.

        Each that was ``heard`` is one retry more; of what a sweep finds, nobody knows how many went
        before, unless Celery stores it (``result_extended``).
        """
        ended = {result.id for result in results if result.ended}
        calls = [
            call
            for result in results
            if result.id not in ended and result.state not in SILENT
            for call in self._calls(result, heard=heard)
        ]
        if calls:
            self._engine.transitions.run(calls)

    def _calls(self, result: TaskResult, *, heard: bool) -> Iterator[Call]:
        retry = result.state == states.RETRY
        text = _reason(result) if retry else f"{result.state} {result.meta}".strip()
        note = f"{result.state} {result.retries} {text}"
        # A retry that is heard may fail as the one before did.
        again = retry and heard and result.retries is None
        task = self._publications.note_to_report(result.id, "" if again else note)
        if task is None:
            return
        count = "" if not retry else "+" if again else (result.retries or 1)
        self._publications.mark_note_reported(result.id, note)
        yield self._engine.transitions.note_progress(task, sendable(text[:MAX_NOTE]), count)


def _reason(result: TaskResult) -> str:
    """Why it is tried again; a task may call ``retry`` without a reason."""
    if result.error is None or result.error.type == states.RETRY:
        return ""
    return result.error.reason
