"""Calling a Python function for a step: one rule for listeners and for local runs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Signature
from traceback import TracebackException
from typing import Any

from littleflow_redis.engine.model import task_events
from littleflow_redis.engine.model.exception_classes import class_names
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.event_codec import sendable

from .binding import Bind, BindError, bind, modes
from .conversion import output_text
from .shapes import ANYTHING
from .task_context import running


class TaskFailed(Exception):
    """A task did not succeed.

    ``error`` holds type, message, traceback and classes of what its function raised, which is the
    cause of this exception; ``final`` says that another try would fail the same way.
    """

    def __init__(
        self, reason: str, *, error: Mapping[str, Any] | None = None, final: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = sendable(reason[: task_events.MAX_REASON])
        self.error = error
        self.final = final


@dataclass(frozen=True, slots=True)
class ServedFunctions:
    """A function, how it is called, and how it binds unless the step's ``$bind`` says otherwise.

    Where neither says it the run does: see ``StartTask.bind``.
    """

    name: str
    function: Callable[..., Any]
    signature: Signature
    bind: Bind | None


def serve(name: str, function: Callable[..., Any], mode: str | None = None) -> ServedFunctions:
    """Look at a function once, so that it can be called for steps.

    Raises ValueError for an unknown ``mode``, TypeError for what is no plain function.
    """
    if mode is not None and mode not in set(Bind):
        raise ValueError(f"bind is {mode!r}: set it to {modes()}")
    if inspect.iscoroutinefunction(function) or not callable(function):
        raise TypeError(f"{name!r} must be a plain function: call asyncio.run(…) in one")
    return ServedFunctions(name, function, _signature(function), Bind(mode) if mode else None)


def name_key(name: str) -> str:
    """The common form of names that mean the same function: ``-`` matches ``_``."""
    return name.replace("-", "_")


def call(served: ServedFunctions, task: StartTask, name: str) -> str:
    """Call a function with the input and parameters of a task; return its output as a value's text.

    ``name`` stands for the function in errors. Raises TaskFailed, whatever the function did.
    """
    mode = task.options.get("$bind", served.bind or task.bind)
    try:
        args, kwargs = bind(
            served.signature, task.input, task.parameters, mode, begins=task.begins, name=name
        )
    except BindError as error:
        raise TaskFailed(str(error), final=True) from error
    try:
        with running(task):
            output = served.function(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() in a task is the task's failure
        raise _raised(error) from error
    try:
        return output_text(output)
    # Also what the code of the output's own classes raises when they are looked into.
    except Exception as error:
        reason = f"{task.base} returned what cannot be stored: {error}"
        raise TaskFailed(reason, final=True) from error


def _raised(error: BaseException) -> TaskFailed:
    report = TracebackException.from_exception(_from_the_task_on(error))
    kind, text = type(error).__name__, str(report)
    detail = {
        "type": sendable(kind),
        "message": sendable(text[: task_events.MAX_REASON]),
        "traceback": sendable("".join(report.format())[-task_events.MAX_TRACEBACK :]),
        "classes": class_names(type(error)),
    }
    return TaskFailed(f"{kind}: {text}" if text else kind, error=detail)


def _from_the_task_on(error: BaseException) -> BaseException:
    """The same error without our own frame at the top of its traceback."""
    traceback = error.__traceback__
    return error.with_traceback(traceback.tb_next if traceback else None)


def _signature(function: Callable[..., Any]) -> Signature:
    try:
        if sys.version_info >= (3, 14):
            import annotationlib

            # Values would be evaluated now: imports under TYPE_CHECKING are not there.
            form = annotationlib.Format.STRING
            return inspect.signature(function, annotation_format=form)
        return inspect.signature(function)
    except ValueError:
        return ANYTHING
