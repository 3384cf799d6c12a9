"""The function that a pool runs for a step: Celery's tracer, with the result as text.

Celery's own gives the parent a cut ``repr`` of the result. An exception may not survive the way to
the parent either, so what the engine needs of it is read here, in the process that ran the task.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

from billiard.einfo import ExceptionInfo
from celery import Celery, Task, current_app, states
from celery.app.trace import trace_task
from celery.exceptions import Ignore
from celery.result import ResultBase
from kombu.serialization import loads, prepare_accept_content

from littleflow_redis.tasks.conversion import output_text

from ..ends.task_error import TaskError, error_of, shortened_error
from .replaced import NoResults, check_results, keep_result, no_results
from .running import running


class StepValue(NamedTuple):
    """The value of a task: as Celery shows it, and as the engine stores it.

    ``text`` is None if the value is the result of other tasks, which end the step.
    """

    shown: str
    text: str | None


class StepFailure(NamedTuple):
    """The failure of a task: for Celery, and for the engine. ``state`` is Celery's.

    ``replaced``: it only stands for another task, which was sent and ends the step.
    """

    info: ExceptionInfo
    state: str
    error: TaskError
    replaced: bool = False


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
        # Where the task notes which others it starts.
        request["_children"] = []
        with running(app, task, id, request) as step:
            traced = trace_task(task, id, args, kwargs, request, app=app)
        if traced.info:
            return 1, _failure(traced, replaced=step.replaced), traced.runtime
        return _outcome(task, id, request, traced)
    # The hooks of tasks run outside the tracer's own care, too.
    except Exception as error:  # noqa: BLE001
        return 1, StepFailure(ExceptionInfo(), states.FAILURE, error_of(error)), 0.0


def _outcome(
    task: Task, id: str, request: MutableMapping[str, Any], traced: Any
) -> tuple[int, Any, float]:
    """The reply to the parent for a task that has succeeded."""
    result, _, runtime, shown = traced
    try:
        if runtime is None:
            # Celery found that this very task had succeeded before, and did not run it again.
            meta = task.backend.get_task_meta(id)
            result, of_others = meta["result"], bool(meta.get("children"))
        else:
            of_others = isinstance(result, ResultBase)
        if of_others:
            check_results(task.app, f"{task.name} returned the result of other tasks")
            keep_result(task, id, request, result)
        return 0, StepValue(shown, None if of_others else output_text(result)), runtime
    except NoResults as error:
        info, failure = ExceptionInfo(), no_results(error)
    # Also what the code of the result's own classes raises when they are looked into.
    except Exception as error:  # noqa: BLE001
        reason = f"{task.name} returned what cannot be stored: {error}"
        info, failure = ExceptionInfo(), TaskError("UnusableResult", reason, final=True)
    return 1, StepFailure(info, states.SUCCESS, failure), runtime


def _failure(traced: Any, *, replaced: bool) -> StepFailure:
    """The same for one that has not. ``replaced``: another task was sent instead of it."""
    result, info, *_ = traced
    raised = info.retval
    error = no_results(raised) if isinstance(raised, NoResults) else _error(raised, result)
    return StepFailure(result, info.state, error, replaced and isinstance(raised, Ignore))


def _error(raised: BaseException, info: ExceptionInfo) -> TaskError:
    error = error_of(raised)
    traceback = getattr(info, "traceback", None) or ""
    return shortened_error(error.type, error.message, str(traceback), error.classes, error.final)
