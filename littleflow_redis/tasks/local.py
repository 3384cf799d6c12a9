"""Running a flow here and now, with Python functions and without Redis: the way to test a flow.

::

    from littleflow_redis import run_local

    tasks = {"math:add": lambda x, y: x + y, "math:double": lambda x: 2 * x}
    assert run_local("math:add → math:double", tasks, [2, 3]) == 10
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES, builtin_task
from littleflow_redis.engine.builtins.builtin import CannotRunLocally
from littleflow_redis.engine.builtins.unsupported import unsupported
from littleflow_redis.engine.client import as_flow
from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.model.typed_values import split
from littleflow_redis.engine.store.inputs import first_input
from littleflow_redis.language import Flow, Step

from .functions import TaskFailed, call
from .localrecords import Stopped
from .localrun import LocalRun
from .lookup import Lookup, TaskFunctions

if TYPE_CHECKING:
    import littleflow


class LocalFailure(WorkflowFailed):
    """A local run failed. ``step`` is where, None if the flow stalled.

    Its cause is what the step's function raised, if it raised anything.
    """

    def __init__(self, workflow: str, reason: str, step: Step | None) -> None:
        super().__init__(workflow, (reason,))
        self.step = step


def run_local(
    workflow: str | os.PathLike[str] | Flow | littleflow.Flow,
    functions: TaskFunctions,
    input: Any = None,
    *,
    on_task: Callable[[StartTask], object] | None = None,
) -> Any:
    """Run a workflow in this process and return its final output.

    It runs as the engine runs it: the same inputs, guards, iterations and rounds, and outputs that
    went through JSON. Tasks run one at a time, in the order in which the engine would emit them.
    Delays, also those before a retry, take no time, and timeouts do not apply.

    ``workflow`` is a text, the path of a file (as path-like), or a compiled flow. ``functions``
    serve the steps: a mapping of names, a module or class with functions, or a TaskListener.
    ``math:add`` is served by ``math:add``, else by ``add``; ``-`` matches ``_``. Arguments are
    bound as for Celery tasks and listeners (``$bind``). ``input`` is a JSON value, merged over the
    flow's default input if both are objects. ``on_task`` is shown each task before its function is
    called.

    Raises LocalFailure if a step failed or the flow stalled, FlowError for a text that does not
    compile. Raises UnsupportedFlow for a flow that this version cannot run, BadValue for an input
    that is no JSON value.
    """
    flow = as_flow(workflow)
    unsupported(flow, played=True)
    run = LocalRun(flow, _player(Lookup(functions), on_task))
    try:
        return json_values.load(run.run(first_input(flow, input)))
    except Stopped as stop:
        failure = LocalFailure(flow.name or "the flow", str(stop), stop.step)
        raise failure from _raised_by(stop)


def _player(
    lookup: Lookup, on_task: Callable[[StartTask], object] | None
) -> Callable[[StartTask], str]:
    def play(task: StartTask) -> str:
        if on_task is not None:
            on_task(task)
        try:
            served = lookup.find(task.base)
        except TypeError as error:
            raise TaskFailed(str(error), final=True) from error
        if served is None:
            return _builtin(task, lookup)
        # Functions see plain JSON, as a listener's do.
        return split(call(served, task, task.base))[0]

    return play


def _builtin(task: StartTask, lookup: Lookup) -> str:
    """Run a built-in task as the engine would, if users give no function for it."""
    if task.category not in BUILTIN_CATEGORIES:
        raise TaskFailed(lookup.unknown(task.base), final=True)
    builtin = builtin_task(task.base)
    try:
        return builtin.run_local(task, builtin.request(task))
    except (ValueError, CannotRunLocally) as error:
        raise TaskFailed(str(error), final=True) from error


def _raised_by(stop: Stopped) -> BaseException | None:
    """The exception that a function raised; None for another fault."""
    failed = stop.__cause__
    return failed.__cause__ if isinstance(failed, TaskFailed) and failed.error else None
