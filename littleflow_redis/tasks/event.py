"""`wait:event`: wait for an event that somebody sends. Its parameters; the engine does the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.engine.model.user_events import MAX_KIND, OURS
from littleflow_redis.engine.store.mailbox import EventWait
from littleflow_redis.language import BadOption, seconds
from littleflow_redis.language.errors import close_match

from .actions import Todo

_NAMES = ("event", "match", "receipt", "timeout")


def event(task: StartTask) -> Todo:
    """Take up a `wait:event`. Bad parameters fail the step, finally, and say what is expected."""
    try:
        return listening(task.parameters, task.input)
    except BadOption as error:
        return end_fields(task, reason=f"wait:event timeout {error}", final=True)
    except ValueError as error:
        return end_fields(task, reason=f"wait:event {error}", final=True)


def listening(parameters: object, input: object) -> EventWait:
    """Read the parameters. Raises BadOption for a bad timeout, ValueError with a sentence."""
    given: Mapping[str, Any] = parameters if isinstance(parameters, Mapping) else {}
    for name in given:
        if name not in _NAMES:
            hint = close_match(name, _NAMES) or f"it takes {', '.join(_NAMES)}"
            raise ValueError(f"has no parameter {name[:60]!r}: {hint}")
    receipt = given.get("receipt", True)
    if not isinstance(receipt, bool):
        raise ValueError("receipt: needs true or false")
    timeout = given.get("timeout")
    return EventWait(
        kind=_kind(given.get("event")),
        match=_match(given.get("match"), input),
        receipt=receipt,
        ms=None if timeout is None else round(seconds(timeout) * 1000),
    )


def _kind(kind: object) -> str:
    if not isinstance(kind, str) or not kind:
        raise ValueError("needs a parameter event: the kind of the event, such as event: approved")
    if kind in OURS:
        raise ValueError(
            f"event: {kind} is a kind of the engine's own: let who acts on it send one of yours"
        )
    if len(kind) > MAX_KIND:
        raise ValueError(f"event: a kind has {MAX_KIND} characters at most")
    return kind


def _match(match: object, input: object) -> dict[str, Any]:
    if match is None:
        return {}
    if match != "input":
        raise ValueError(f"match: {str(match)[:60]!r} is unknown: it can only be input")
    if not isinstance(input, dict):
        raise ValueError(
            "match: input needs an input that is an object; several are merged by `> wait:event`"
        )
    json_values.check_nesting(input, "match: the input")
    return input
