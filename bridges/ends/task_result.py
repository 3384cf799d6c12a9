"""The result of a task: a state, with an output or an error.

Nothing that a record says is ever imported, called or rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from celery import states

from littleflow_redis.engine.model.json_values import dump
from littleflow_redis.engine.model.task_events import MAX_REASON
from littleflow_redis.engine.model.typed_values import output_text
from littleflow_redis.tasks.conversion import convert

from .failures import as_plain, failure_of
from .result_tuples import ReturnedIds, read_returned
from .task_error import TaskError, unusable_error

#: The states that end an attempt. RETRY, STARTED and an app's own states do not.
END_STATES = frozenset({states.SUCCESS, states.FAILURE, states.REVOKED})

#: Characters that are kept of a message from a running task.
MAX_NOTE = 200


@dataclass(frozen=True, slots=True)
class TaskResult:
    """``output`` of a SUCCESS, ``error`` of a FAILURE or REVOKED.

    ``output`` is the text of a value (see ``engine.model.typed_values``).

    ``returned``: the tasks for which the value of a SUCCESS stands; it has no output then.
    ``worker``: the worker that runs a STARTED task. ``error`` of a RETRY is the reason for the next
    try, and ``retries`` their number, if that is stored. ``meta``: the text that a task stored with
    a state of its own. A record that cannot be read is a FAILURE with the error type
    :data:`.task_error.UNREADABLE`.
    """

    id: str
    state: str
    output: str | None = None
    error: TaskError | None = None
    worker: str = ""
    retries: int | None = None
    meta: str = ""
    returned: ReturnedIds | None = None

    @property
    def ended(self) -> bool:
        return self.state in END_STATES


def read_result(id: str, decode: Callable[[], Any]) -> TaskResult:
    """Read the record that ``decode`` returns. Never raises."""
    try:
        return _result(id, decode())
    # Foreign bytes: each of five decoders and decompressors fails in ways of its own, and one bad
    # record must not keep the results of others back.
    except Exception as error:  # noqa: BLE001
        return unreadable_result(id, error)


def read_decoded(id: str, record: Mapping[str, Any]) -> TaskResult:
    """Read a record that is decoded already. Never raises."""
    return read_result(id, lambda: record)


def unreadable_result(id: str, error: Exception) -> TaskResult:
    """The failure that stands for a record which cannot be read, for this reason."""
    text = f"the result that Celery stored cannot be used: {error}"
    return TaskResult(id, states.FAILURE, error=unusable_error(text))


def _result(id: str, record: Any) -> TaskResult:
    if not isinstance(record, Mapping) or not isinstance(record.get("status"), str):
        raise ValueError("it has no status")
    state = record["status"]
    if state == states.SUCCESS:
        value, children = record.get("result"), record.get("children")
        if children and (returned := read_returned(value, children)):
            return TaskResult(id, state, returned=returned)
        return TaskResult(id, state, output=output_text(convert(value, enveloped=True)))
    if state in END_STATES:
        return TaskResult(id, state, error=failure_of(record))
    try:
        return _unfinished(id, state, record)
    except (ValueError, RecursionError):
        # The task has not ended, and this record is for people alone.
        return TaskResult(id, state)


def _unfinished(id: str, state: str, record: Mapping[str, Any]) -> TaskResult:
    about = record.get("result")
    if state == states.RETRY:
        done = record.get("retries")
        # The count before this retry; only with result_extended.
        retries = done + 1 if isinstance(done, int) else None
        return TaskResult(id, state, error=failure_of(record), retries=retries)
    if state == states.STARTED:
        return TaskResult(id, state, worker=_worker(about))
    return TaskResult(id, state, meta="" if about is None else dump(as_plain(about))[:MAX_NOTE])


def _worker(about: Any) -> str:
    """The worker's name, which Celery stores with STARTED; other states hold other things."""
    match about:
        case {"hostname": str(name)}:
            return name[:MAX_REASON]
        case _:
            return ""
