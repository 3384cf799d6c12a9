"""Tasks that run as steps and do not end them: replaced by others, or returning results of others.

Such a step ends as the others do, by the results in a result backend, as through a bridge. So
without one it fails.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from celery import Celery, Task
from celery.app.task import Context
from celery.canvas import Signature
from celery.states import SUCCESS

from littleflow_redis.events.connection import ConfigurationError

from ..app import result_refusal
from ..broker.backends import result_backend
from ..ends.task_error import TaskError


class NoResults(RuntimeError):
    """Nobody could read the results by which a step ends."""


def check_results(app: Celery, what: str) -> None:
    """Raise NoResults if the results of an app cannot be read; ``what`` has happened."""
    if app.conf.task_always_eager:
        raise NoResults(f"{what}, and task_always_eager=True stores no result: set it to False")
    try:
        result_backend(app)
    except ConfigurationError as error:
        raise NoResults(
            f"{what}, so a result backend has to say how the step ends: {error}, or return the "
            "value itself"
        ) from error


def no_results(error: NoResults) -> TaskError:
    """The error of such a step: another try would end alike."""
    return TaskError(NoResults.__name__, str(error), final=True)


def keep_results(app: Celery, signature: Signature) -> None:
    """Have the results stored of all tasks that replace one. Raises NoResults."""
    for part in _parts(signature):
        task = app.tasks.get(part.task)
        if task is None or part.options.get("ignore_result") is False:
            continue  # Of a task that this app lacks its worker decides.
        if reason := result_refusal(task):
            raise NoResults(reason)
        if part.options.get("ignore_result", task.ignore_result):
            part.set(ignore_result=False)


def keep_result(task: Task, id: str, request: MutableMapping[str, Any], value: Any) -> None:
    """Store the result of a task whose tracer may not do so, with the tasks that it started."""
    if request.get("ignore_result", task.ignore_result):
        context = Context(request, ignore_result=False)
        task.backend.store_result(id, value, SUCCESS, request=context)


def _parts(canvas: Any) -> Iterator[Signature]:
    """The single tasks of a canvas, or of a list of some."""
    if not isinstance(canvas, Signature):
        for part in canvas if isinstance(canvas, (list, tuple)) else ():
            yield from _parts(part)
        return
    inner = [getattr(canvas, name, None) for name in ("tasks", "body")]
    if inner == [None, None]:
        yield canvas
    for part in inner:
        yield from _parts(part)
