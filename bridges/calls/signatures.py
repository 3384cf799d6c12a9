"""The signature by which a Celery task is called."""

from __future__ import annotations

import inspect
import sys
from inspect import Parameter, Signature
from typing import Any, Final

from celery import Task

from littleflow_redis.tasks.shapes import ANYTHING, SUPPLIED, Unchecked

_ANY_KINDS: Final = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}


def task_signature(task: Task) -> Signature:
    """The parameters that a caller of the task may pass; ``self`` of a bound task is not among
    them.

    A task under a decorator that takes anything (``*args, **kwargs``) is known by the function
    inside, but nothing must be passed: the decorator may supply it. One with ``typing=False`` is
    called unchecked, as by Celery: it takes other things than its function does (celery-batches).
    """
    signature = _own(task)
    return signature if task.typing else Unchecked([*signature.parameters.values()])


def _own(task: Task) -> Signature:
    # autoretry_for wraps run() in one that takes anything, and keeps the original here.
    run = getattr(task, "_orig_run", task.run)
    inner = _signature(run, follow_wrapped=True)
    if _is_pydantic(run):
        return inner
    outer = _signature(run, follow_wrapped=False)
    if {parameter.kind for parameter in outer.parameters.values()} != _ANY_KINDS:
        return outer
    return _with_defaults(inner)


def _is_pydantic(run: Any) -> bool:
    """Whether Celery's own validating wrapper, which takes anything, is around the function."""
    module = getattr(run, "__globals__", {}).get("__name__")
    return bool(module == "celery.app.base")


def _signature(function: Any, *, follow_wrapped: bool) -> Signature:
    try:
        if sys.version_info >= (3, 14):
            import annotationlib

            # Values would be evaluated now: imports under TYPE_CHECKING are not there.
            form = annotationlib.Format.STRING
            return inspect.signature(
                function, follow_wrapped=follow_wrapped, annotation_format=form
            )
        return inspect.signature(function, follow_wrapped=follow_wrapped)
    except ValueError:  # written in C, without a text signature
        return ANYTHING


def _with_defaults(signature: Signature) -> Signature:
    return signature.replace(
        parameters=[_with_default(parameter) for parameter in signature.parameters.values()]
    )


def _with_default(parameter: Parameter) -> Parameter:
    if parameter.kind in _ANY_KINDS or parameter.default is not Parameter.empty:
        return parameter
    return parameter.replace(default=SUPPLIED)
