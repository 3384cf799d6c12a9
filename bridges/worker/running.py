"""Tasks that run as steps in this process, and what they call meanwhile.

``Task.update_state`` and ``Task.replace`` send no signal. So they are wrapped on the task, and do
more than Celery's for those tasks alone that run as steps.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore

from littleflow_redis.engine.model.task_events import StartTask

from ..calls.task_call import HEADER
from .progress_notes import notes_of
from .replaced import check_results, keep_results


@dataclass(slots=True)
class RunningStep:
    """A step whose task runs; ``replaced`` once another one was sent instead."""

    task: StartTask
    replaced: bool = False


#: The steps that run now, by the ids of their tasks.
_RUNNING: dict[str, RunningStep] = {}


@contextmanager
def running(app: Celery, task: Task, id: str, request: Mapping[str, Any]) -> Iterator[RunningStep]:
    """Within it the task of this request runs as a step."""
    if not hasattr(task.update_state, "littleflow"):
        task.update_state = _noting(app, task)
        # The last thing that `replace` calls, when all of the other task is known.
        task.on_replace = _replacing(app, task)
    where = request[HEADER]
    step = RunningStep(
        StartTask(
            "",
            where["workflow"],
            where["index"],
            task.name,
            task.name,
            where["token"],
            None,
            None,
            {},
        )
    )
    _RUNNING[id] = step
    try:
        yield step
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
            notes_of(app).note(step.task, given.get("state"), given.get("meta"))
        return stored

    update_state.littleflow = True  # type: ignore[attr-defined]
    return update_state


def _replacing(app: Celery, task: Task) -> Any:
    """The task's ``on_replace``, which sends nothing if nobody could read its result."""
    own = task.on_replace

    @functools.wraps(own)
    def on_replace(signature: Any) -> Any:
        step = _RUNNING.get(task.request.id)
        if step is None or task.request.is_eager:
            return own(signature)
        check_results(app, f"{task.name} was replaced by another task")
        keep_results(app, signature)
        try:
            return own(signature)
        except Ignore:
            step.replaced = True
            raise

    return on_replace
