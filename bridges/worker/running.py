"""Tasks that run as steps in this process, and what they call meanwhile.

``Task.update_state`` sends no signal. So it is wrapped on the task, and does more than Celery's
for those tasks alone that run as steps.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from celery import Celery, Task

from littleflow_redis.engine.model.task_events import StartTask

from ..calls.task_call import HEADER
from .progress_notes import notes_of

#: The steps that run now, by the ids of their tasks.
_RUNNING: dict[str, StartTask] = {}


@contextmanager
def running(app: Celery, task: Task, id: str, request: Mapping[str, Any]) -> Iterator[None]:
    """Within it the task of this request runs as a step."""
    if not hasattr(task.update_state, "littleflow"):
        task.update_state = _noting(app, task)
    where = request[HEADER]
    _RUNNING[id] = StartTask(
        "", where["workflow"], where["index"], task.name, task.name, where["token"], None, None, {}
    )
    try:
        yield
    finally:
        _RUNNING.pop(id, None)


def _noting(app: Celery, task: Task) -> Any:
    """The task's ``update_state``, which also notes the state at the task's step."""
    own = task.update_state
    signature = inspect.signature(own)

    @functools.wraps(own)
    def update_state(*args: Any, **kwargs: Any) -> Any:
        stored = own(*args, **kwargs)
        # A class may have a form of its own.
        given = signature.bind(*args, **kwargs).arguments
        if step := _RUNNING.get(given.get("task_id") or task.request.id):
            notes_of(app).note(step, given.get("state"), given.get("meta"))
        return stored

    update_state.littleflow = True  # type: ignore[attr-defined]
    return update_state
