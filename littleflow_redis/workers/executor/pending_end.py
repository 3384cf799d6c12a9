"""The end of a task that is to be applied by the process that ran it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from littleflow_redis.engine.model.task_events import EndTask, StartTask, encode_success, end_task


class PendingEnd(NamedTuple):
    """The end of a task; ``fields`` are those of its event, for an engine of a newer form."""

    task: StartTask
    end: EndTask
    fields: Callable[[], Mapping[str, str]]


def succeeded(task: StartTask, text: str, worker: str | None = None) -> PendingEnd:
    """The end of a task with a value's text."""
    end = EndTask("", task.workflow, task.index, task.token, True, text, "", "")
    return PendingEnd(task, end, lambda: encode_success(task, text, worker=worker))


def failed(task: StartTask, fields: Mapping[str, str]) -> PendingEnd:
    """The end of a task that failed, as its event would say it."""
    read = {name.encode(): text.encode() for name, text in fields.items()}
    return PendingEnd(task, end_task("", read), lambda: fields)
