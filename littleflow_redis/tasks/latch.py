"""`wait:acquire`, `wait:release`, `wait:countdown`: a count that workflows share.

All three happen in the script that takes the attempt up; whoever waits for zero is a record in
Redis, not a thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from littleflow_redis.engine.model.script_results import LatchAction
from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.events.event_codec import sendable

from .actions import Latch, Todo
from .templates import BadTemplate, render

#: The tasks that work on latches.
LATCHES: Mapping[str, LatchAction] = {f"wait:{action}": action for action in LatchAction}

#: Characters of a latch's name: it becomes part of a key.
MAX_NAME = 500


def latch(task: StartTask) -> Todo:
    """Take up one of `LATCHES`. Bad parameters fail the step, finally, and say what is wrong."""
    try:
        return Latch(LATCHES[task.base], _name(task))
    except ValueError as error:
        return end_fields(task, reason=f"{task.base} {error}", final=True)


def _name(task: StartTask) -> str:
    parameters = task.parameters if isinstance(task.parameters, Mapping) else {}
    template = parameters.get("name")
    if not isinstance(template, str):
        close = get_close_matches("name", [str(key) for key in parameters if key != "name"])
        meant = f", not {close[0]}" if close else ""
        raise ValueError(f"needs name{meant}: the name of a latch, a text such as my-{{input[id]}}")
    try:
        name = render(
            template, {"input": task.input, "parameters": parameters}, limit=MAX_NAME
        ).strip()
    except BadTemplate as error:
        raise ValueError(f"name: {error}") from error
    if not name:
        raise ValueError(f"name: {template[:80]!r} gives an empty name")
    if sendable(name) != name:
        raise ValueError(f"name: {name[:80]!r} contains a lone surrogate, which no key can have")
    return name
