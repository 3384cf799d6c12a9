"""The function that a pool runs for a step: Celery's tracer, with the result as text.

Celery's own gives the parent a cut ``repr`` of the result. An exception may not survive the way to
the parent either, so what the engine needs of it is read here, in the process that ran the task.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

from billiard.einfo import ExceptionInfo
from celery import Celery, current_app, states
from celery.app.trace import trace_task
from celery.result import ResultBase
from kombu.serialization import loads, prepare_accept_content

from littleflow_redis.engine.model.json_values import BadValue
from littleflow_redis.tasks.conversion import output_text

from ..ends.task_error import TaskError, error_of, shortened_error
from .running import running


class StepValue(NamedTuple):
    """The value of a task: as Celery shows it, and as the engine stores it."""

    shown: str
    text: str


class StepFailure(NamedTuple):
    """The failure of a task: for Celery, and for the engine. ``state`` is Celery's."""

    info: ExceptionInfo
    state: str
    error: TaskError


def trace_step(
    name: str,
    id: str,
    request: MutableMapping[str, Any],
    body: Any,
    content_type: str | None,
    content_encoding: str | None,
    app: Celery | None = None,
    **_: Any,
) -> tuple[int, Any, float]:
    """Run a task; the arguments and the form of the reply are those of ``fast_trace_task``.

    ``app``: the app of the task, None in a process of a pool, which has only one.

    Raises nothing that a pool of threads would swallow: an end would be lost with it.
    """
    try:
        app = app or current_app._get_current_object()
        embed: Mapping[str, Any] | None
        if content_type:
            accept = prepare_accept_content(app.conf.accept_content)
            args, kwargs, embed = loads(body, content_type, content_encoding, accept=accept)
        else:
            args, kwargs, embed = body
        request.update({"args": args, "kwargs": kwargs, "is_eager": False}, **embed or {})
        task = app.tasks[name]
        with running(app, task, id, request):
            traced = trace_task(task, id, args, kwargs, request, app=app)
        return _outcome(app, name, id, traced)
    # The hooks of tasks run outside the tracer's own care, too.
    except Exception as error:  # noqa: BLE001
        return 1, StepFailure(ExceptionInfo(), states.FAILURE, error_of(error)), 0.0


def _outcome(app: Celery, name: str, id: str, traced: Any) -> tuple[int, Any, float]:
    """The reply to the parent, from what the tracer has returned."""
    result, info, runtime, shown = traced
    if info:
        return 1, StepFailure(result, info.state, _error(info.retval, result)), runtime
    if runtime is None:
        # Celery found that this very task had succeeded before, and did not run it again.
        result = app.AsyncResult(id).result
    try:
        if isinstance(result, ResultBase):
            raise BadValue("it is the result of other tasks: serve this step by a bridge")
        return 0, StepValue(shown, output_text(result)), runtime
    # Also what the code of the result's own classes raises when they are looked into.
    except Exception as error:  # noqa: BLE001
        reason = f"{name} returned what cannot be stored: {error}"
        failure = TaskError("UnusableResult", reason, final=True)
        return 1, StepFailure(ExceptionInfo(), states.SUCCESS, failure), runtime


def _error(raised: BaseException, info: ExceptionInfo) -> TaskError:
    error = error_of(raised)
    traceback = getattr(info, "traceback", None) or ""
    return shortened_error(error.type, error.message, str(traceback), error.classes, error.final)
