"""`wait:event`: wait for an event that somebody sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from littleflow_redis.language import BadOption, seconds
from littleflow_redis.language.errors import close_match

from ..model import json_values
from ..model.task_events import StartTask
from ..model.user_events import MAX_KIND, OURS
from ..model.wait_kinds import WaitKind
from ..store.mailbox import EventWait
from .builtin import BuiltinAttempt, BuiltinTask, CannotRunLocally

_NAMES = ("event", "match", "receipt", "timeout")


class EventTask(BuiltinTask[EventWait]):
    """Ends with what the event carries."""

    name = "wait:event"
    waits_for = WaitKind.EVENT

    def read(self, task: StartTask) -> EventWait:
        return event_wait(task.parameters, task.input)

    def check(self, parameters: Any) -> None:
        # An input that fits whatever is asked of it.
        event_wait(parameters, {})

    def begin(self, attempt: BuiltinAttempt, request: EventWait) -> None:
        attempt.wait_for_event(request)

    def run_local(self, task: StartTask, request: EventWait) -> str:
        raise CannotRunLocally(
            f"nobody sends events here: add a function for {task.base} that returns what the "
            f"event {request.kind} would bring"
        )


def event_wait(parameters: object, input: object) -> EventWait:
    """Read the parameters. Raises ValueError with a sentence."""
    given: Mapping[str, Any] = parameters if isinstance(parameters, Mapping) else {}
    for name in given:
        if name not in _NAMES:
            hint = close_match(name, _NAMES) or f"it takes {', '.join(_NAMES)}"
            raise ValueError(f"has no parameter {name[:60]!r}: {hint}")
    receipt = given.get("receipt", True)
    if not isinstance(receipt, bool):
        raise ValueError("receipt: needs true or false")
    return EventWait(
        kind=_kind(given.get("event")),
        match=_match(given.get("match"), input),
        receipt=receipt,
        ms=_timeout(given.get("timeout")),
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


def _timeout(timeout: Any) -> int | None:
    try:
        return None if timeout is None else round(seconds(timeout) * 1000)
    except BadOption as error:
        raise ValueError(f"timeout {error}") from error


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
