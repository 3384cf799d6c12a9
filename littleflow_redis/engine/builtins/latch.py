"""`wait:acquire`, `wait:release`, `wait:countdown`: a count that workflows share.

The script that begins the attempt does all three. A wait for zero is a record in Redis, not a
thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from littleflow_redis.events.event_codec import sendable

from ..model.script_results import LatchAction
from ..model.task_events import StartTask
from ..model.wait_kinds import WaitKind
from .builtin import BuiltinAttempt, BuiltinTask
from .templates import BadTemplate, render

#: Characters of a latch's name: it becomes part of a key.
MAX_NAME = 500


class LatchTask(BuiltinTask[str]):
    """Counts a latch up or down, or waits until it is at zero; the output is the input.

    Its request is the name of the latch.
    """

    waits_for = WaitKind.LATCH

    def __init__(self, action: LatchAction) -> None:
        self.name = f"wait:{action}"
        self._action = action

    def read(self, task: StartTask) -> str:
        return _name(task)

    def check(self, parameters: Any) -> None:
        _template(parameters)

    def begin(self, attempt: BuiltinAttempt, request: str) -> None:
        attempt.run(
            attempt.transitions.wait_latch(attempt.task, attempt.group, self._action, request)
        )


def _template(parameters: Any) -> str:
    """The parameter that names the latch."""
    parameters = parameters if isinstance(parameters, Mapping) else {}
    template = parameters.get("name")
    if not isinstance(template, str):
        close = get_close_matches("name", [str(key) for key in parameters if key != "name"])
        meant = f", not {close[0]}" if close else ""
        raise ValueError(f"needs name{meant}: the name of a latch, a text such as my-{{input[id]}}")
    return template


def _name(task: StartTask) -> str:
    template = _template(task.parameters)
    given = {"input": task.input, "parameters": task.parameters}
    try:
        name = render(template, given, limit=MAX_NAME).strip()
    except BadTemplate as error:
        raise ValueError(f"name: {error}") from error
    if not name:
        raise ValueError(f"name: {template[:80]!r} gives an empty name")
    if sendable(name) != name:
        raise ValueError(f"name: {name[:80]!r} contains a lone surrogate, which no key can have")
    return name
