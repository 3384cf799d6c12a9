"""Tasks in hand whose work nobody wants any more: timed out, cancelled, terminated, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..model.records import AttemptRecord, Dynamic, PublicationRecord, Record
from ..model.states import PublicationState, WorkflowState
from ..model.task_events import StartTask
from ..store.context import EngineContext
from ..store.keys import STATE, STEPS


class Unwanted(NamedTuple):
    """Tasks whose attempts are ``closed``, and those of workflows that are ``ending``.

    The latter need not begin any more; those that run may end.
    """

    closed: Sequence[StartTask] = ()
    ending: Sequence[StartTask] = ()


def unwanted(context: EngineContext, process: str, tasks: Sequence[StartTask]) -> Unwanted:
    """Those of these tasks that a process need not run any more. Raises RedisError.

    A task that another process was given meanwhile is none of them: one of two ends is applied.
    """
    if not tasks:
        return Unwanted()
    with context.redis.pipeline(transaction=False) as pipe:
        for task in tasks:
            pipe.hget(context.keys.publications + task.category, task.uuid)
        pipe.mget([task.workflow + STATE for task in tasks])
        *packed, states = pipe.execute()
    lost = [
        task
        for task, record in zip(tasks, packed, strict=True)
        if not (record and _is_held(Record(record), process))
    ]
    closed = _closed(context, lost)
    ending = [
        task
        for task, state in zip(tasks, states, strict=True)
        if state == WorkflowState.TERMINATING.encode() and task not in lost
    ]
    return Unwanted(closed, ending)


def _is_held(record: Record, process: str) -> bool:
    return bool(
        record[PublicationRecord.STATE] == PublicationState.HELD
        and record[PublicationRecord.OWNER] == process
    )


def _closed(context: EngineContext, tasks: Sequence[StartTask]) -> list[StartTask]:
    if not tasks:
        return []
    with context.redis.pipeline(transaction=False) as pipe:
        for task in tasks:
            pipe.hget(task.workflow + STEPS, task.field)
        steps: list[Any] = pipe.execute()
    return [
        task
        for task, step in zip(tasks, steps, strict=True)
        if not step or task.token not in _open_tokens(Record(step))
    ]


def _open_tokens(step: Record) -> list[str]:
    return [Record.of(attempt)[AttemptRecord.TOKEN] for attempt in step[Dynamic.OPEN]]
