"""The engine's events as they stand in the stream: start-task and end-task.

Decoding is strict: a field that is missing or of the wrong type makes the event garbage, with a
sentence that says which, and never half of an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from littleflow_redis.events.event_codec import ENTRY_ID, encode, message, sendable

from . import exception_classes, json_values, typed_values
from .celery_ids import task_uuid
from .event_fields import SURROGATE, field, index, text
from .event_fields import Garbage as Garbage
from .tokens import scope_of
from .typed_values import TypedValue

#: Texts that mean "no base".
_NOTHING = (b"", b"null", b'""')

#: Characters of a traceback that are kept. The end matters, so the front is cut.
MAX_TRACEBACK = 16_000

#: Characters of a reason that are kept.
MAX_REASON = 2_000


@dataclass(frozen=True, slots=True)
class StartTask:
    """A step that wants to be run. ``event`` is its id in the stream.

    ``token`` names the attempt; whoever runs it echoes the token in the end-task.
    """

    event: str
    workflow: str
    index: int
    name: str
    base: str
    token: str
    parameters: Any
    input: Any
    options: Mapping[str, Any]
    #: Types of the input that JSON lacks; None if there are none. See ``typed_values``.
    types: Any = None
    #: The binding of the input to arguments if nobody sets one: ``auto``; in form 1 ``spread``.
    bind: str = "spread"
    #: Whether the step stands at the flow's start: ``{}`` means there that nothing was given.
    begins: bool = False

    @property
    def value(self) -> TypedValue:
        """The input with its types."""
        return TypedValue(self.input, self.types)

    @property
    def category(self) -> str:
        return category_of(self.base)

    @property
    def once(self) -> bool:
        """Whether it must not run twice: once it may have begun, nobody else begins it."""
        return self.options.get("$on-lost") == "fail"

    @property
    def uuid(self) -> str:
        """The Celery id of its task, if a worker runs that itself."""
        return task_uuid(self.workflow, self.index, self.token)

    @property
    def field(self) -> str:
        """The field of the step's record: its index and, under iterations, its scope."""
        scope = scope_of(self.token)
        return f"{self.index}@{scope}" if scope else str(self.index)


@dataclass(frozen=True, slots=True)
class EndTask:
    """The end of an attempt, as somebody reported it.

    ``output`` is a value's text, None if the event carries none. ``token`` is empty if it was not
    echoed. ``detail`` is JSON text for the trace: error, worker. ``final`` forbids a retry.
    ``classes``: the exception's classes by name, none if the event carries none.
    """

    event: str
    workflow: str
    index: int
    token: str
    success: bool
    output: str | None
    reason: str
    detail: str
    final: bool = False
    classes: tuple[str, ...] = ()

    def failed(self, reason: str) -> EndTask:
        """The same end as a failure, for an output that cannot be stored."""
        detail = json_values.dump({"reason": reason})
        return replace(self, success=False, reason=reason, detail=detail)


def category_of(base: str) -> str:
    """The part before the first colon; empty if there is none."""
    head, colon, _ = base.partition(":")
    return head if colon else ""


def kind_of(fields: Mapping[bytes, bytes]) -> str | None:
    """The event's kind, None if it has none that can be read."""
    try:
        return text(fields, b"kind")
    except Garbage:
        return None


def receipt_target(fields: Mapping[bytes, bytes]) -> list[str]:
    """The event that a receipt stands for, as a list of one id, or of none if it names none."""
    try:
        event = text(fields, b"for")
    except Garbage:
        return []
    return [event] if ENTRY_ID.fullmatch(event) else []


def base_of(fields: Mapping[bytes, bytes]) -> str:
    """The base of a start-task event or, if it is missing, null or empty, its name.

    The other fields are not read: they may be large. Raises Garbage, also for a base that is no
    text.
    """
    base = fields.get(b"base", b"")
    return text(fields, b"name" if base.strip() in _NOTHING else b"base")


def start_task(event: str, fields: Mapping[bytes, bytes]) -> StartTask:
    """Read a start-task event. Raises Garbage."""
    options = field(fields, b"options", {})
    if not isinstance(options, dict):
        raise Garbage("field 'options' must be an object")
    return StartTask(
        event=event,
        workflow=text(fields, b"workflow"),
        index=index(fields),
        name=text(fields, b"name"),
        base=base_of(fields),
        token=text(fields, b"token", ""),
        parameters=field(fields, b"parameters", {}),
        input=field(fields, b"input", {}),
        options=options,
        types=_types(fields),
        bind=text(fields, b"bind", "spread"),
        begins=field(fields, b"begins", False) is True,
    )


def end_task(event: str, fields: Mapping[bytes, bytes]) -> EndTask:
    """Read an end-task event. Raises Garbage.

    A status other than SUCCESS and an output that cannot be stored make it a failure: that is the
    task's fault, not the event's.
    """
    status = text(fields, b"status", "SUCCESS")
    success, reason = status == "SUCCESS", _reason(fields, status)
    output: str | None = None
    if success and b"output" in fields:
        try:
            output = typed_values.joined(
                json_values.output_text(fields[b"output"]), _own_types(fields)
            )
        except json_values.BadValue as error:
            success, reason = False, str(error)
    return EndTask(
        event=event,
        workflow=text(fields, b"workflow"),
        index=index(fields),
        token=text(fields, b"token", ""),
        success=success,
        output=output,
        reason=reason[:MAX_REASON],
        detail=_detail(fields, "" if success else reason),
        final=field(fields, b"retry", True) is False,
        classes=() if success else _classes(fields),
    )


def end_fields(
    task: StartTask,
    *,
    output: Any = None,
    reason: str | None = None,
    error: Mapping[str, Any] | None = None,
    worker: str | None = None,
    final: bool = False,
) -> dict[str, Any]:
    """The fields of the end-task event for an attempt, to be encoded by ``events``.

    A ``reason`` makes it a failure; ``final`` forbids a retry.
    """
    fields: dict[str, Any] = {
        "kind": "end-task",
        "workflow": task.workflow,
        "index": task.index,
        "name": task.name,
        "token": task.token,
    }
    if reason is None:
        fields |= {"status": "SUCCESS", "output": output}
    else:
        fields |= {"status": "FAILURE", "reason": reason}
    if error:
        fields["error"] = dict(error)
    if worker:
        fields["worker"] = worker
    if final:
        fields["retry"] = False
    return fields


def encode_success(task: StartTask, output: str, *, worker: str | None = None) -> dict[str, str]:
    """The encoded fields of the end-task event for an attempt that ended with a value's text."""
    plain, types = typed_values.split(output)
    fields = encode(message(end_fields(task, worker=worker))) | {"output": plain}
    return fields | {"types": types} if types else fields


def _reason(fields: Mapping[bytes, bytes], status: str) -> str:
    if status == "SUCCESS":
        return ""
    reason = field(fields, b"reason", None)
    if isinstance(reason, str) and reason:
        return SURROGATE.sub("\ufffd", reason)
    error = field(fields, b"error", None)
    if isinstance(error, dict):
        sentence = f"{error.get('type', 'Error')}: {error.get('message', '')}"
        return SURROGATE.sub("\ufffd", sentence)
    return f"the task ended with status {status[:100]} and gave no reason"


def _detail(fields: Mapping[bytes, bytes], reason: str) -> str:
    # Scripts read it, by a JSON reader that refuses lone surrogates.
    detail: dict[str, Any] = {"reason": reason[:MAX_REASON]} if reason else {}
    worker, error = field(fields, b"worker", None), field(fields, b"error", None)
    if isinstance(worker, str):
        detail["worker"] = sendable(worker[:200])
    if isinstance(error, dict):
        detail["error"] = {
            "type": sendable(str(error.get("type", ""))[:200]),
            "message": sendable(str(error.get("message", ""))[:MAX_REASON]),
            "traceback": sendable(str(error.get("traceback", ""))[-MAX_TRACEBACK:]),
        }
    return json_values.dump(detail) if detail else ""


def _classes(fields: Mapping[bytes, bytes]) -> tuple[str, ...]:
    match field(fields, b"error", None):
        case {"classes": list(names)}:
            return exception_classes.bounded(names)
        case _:
            return ()


def _own_types(fields: Mapping[bytes, bytes]) -> Any:
    """The types of an output. Raises BadValue: they are the task's, as the output is."""
    try:
        return field(fields, b"types", None)
    except Garbage as error:
        raise json_values.BadValue(f"the types of the output are no types: {error}") from error


def _types(fields: Mapping[bytes, bytes]) -> Any:
    types = field(fields, b"types", None)
    try:
        return typed_values.checked(types) if types else None
    except json_values.BadValue as error:
        raise Garbage(f"field 'types': {error}") from error
