"""Progress that tasks report while they run, noted at their step for people.

Nothing hangs on it. So a Redis that is away delays a task now and then by a second at most, and
never fails it.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import Any

from celery import Celery
from redis.exceptions import RedisError

from littleflow_redis.engine.model.json_values import dump
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.connection import connect
from littleflow_redis.events.event_codec import sendable
from littleflow_redis.events.logs import kv
from littleflow_redis.tasks.conversion import convert

from ..broker.progress import SILENT
from ..ends.task_result import END_STATES, MAX_NOTE
from .redis_address import keys_here, redis_of

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds that a task waits for Redis to take a note, and for which nothing is noted after it did
#: not.
PATIENCE, PAUSE = 1.0, 10.0


class ProgressNotes:
    """Notes progress over connections of its own; any thread may. Nothing is opened before."""

    def __init__(self, app: Celery) -> None:
        settings, _ = redis_of(app)
        client = connect(settings)
        limits = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        client.connection_pool.connection_kwargs.update(limits)
        self._transitions = EngineContext.create(client, keys_here()).transitions
        self._again_at = 0.0

    def note(self, task: StartTask, state: object, meta: object) -> None:
        """Note a state of a task's own, with the data that it stored beside it."""
        if not isinstance(state, str) or state in SILENT | END_STATES:
            return
        if time.monotonic() < self._again_at:
            return
        text = sendable(f"{state} {_text(meta)}".strip()[:MAX_NOTE])
        try:
            self._transitions.run([self._transitions.note_progress(task, text)])
        except RedisError as error:
            self._again_at = time.monotonic() + PAUSE
            LOG.warning(kv("progress-lost", task=task.uuid, error=error, next=f"in {PAUSE:g} s"))


@lru_cache
def notes_of(app: Celery) -> ProgressNotes:
    """The notes of this process for an app."""
    return ProgressNotes(app)


def _text(meta: Any) -> str:
    """The data as people read it; empty if JSON has no form for it."""
    if meta is None:
        return ""
    try:
        return dump(convert(meta).data)
    # The code of its classes runs here, too, which a result backend may never have called.
    except Exception:  # noqa: BLE001
        return ""
