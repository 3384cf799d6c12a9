"""Answers of ``apply_async``: not always has it sent the task, under the id that was asked for.

Base classes that de-duplicate (celery-singleton, celery-once, celery-heimdall) answer with the task
that does the same already, or refuse. Others run it at once, or do nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from celery import Task, signals, states
from celery.result import EagerResult, ResultBase

from ..calls.task_call import TaskCall
from ..ends.result_tuples import ReturnedIds, read_substitute
from ..ends.task_error import TaskError, error_of
from ..ends.task_result import TaskResult, read_decoded


class NotSent(Exception):
    """``apply_async`` sent nothing, and raised nothing."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was not sent, for a reason of its own; ``final`` if trying again is no use."""

    call: TaskCall
    error: Exception
    final: bool = False

    @property
    def task_error(self) -> TaskError:
        return error_of(self.error)

    @property
    def reason(self) -> str:
        return f"the Celery task {self.call.task} could not be sent: {self.task_error.reason}"

    @property
    def ours(self) -> bool:
        """Whether what stands in the way is said to be this very task, sent before."""
        said = (*vars(self.error).values(), *self.error.args)
        return any(self.call.id in value for value in said if isinstance(value, str))


@dataclass(frozen=True, slots=True)
class Instead:
    """Other tasks stand for the call: its step ends as these end."""

    call: TaskCall
    #: Celery's tuple of ids, JSON text.
    ids: str
    returned: ReturnedIds


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing was sent, and the step is over with this result; ``ran`` if the task is done."""

    call: TaskCall
    result: TaskResult
    ran: bool = False

    @property
    def reason(self) -> str:
        how = "ran it at once" if self.ran else "sent nothing"
        return f"the apply_async of {self.call.task} {how}"


#: Of a call that is with the broker there is none.
Answer: TypeAlias = Refusal | Instead | Ended


def sends_itself(task: Task) -> bool:
    """Whether the task's class has an ``apply_async`` of its own, which may answer anything."""
    return type(task).apply_async is not Task.apply_async


@contextmanager
def heard(call: TaskCall) -> Iterator[list[str]]:
    """Within it the ids of the messages of this task that are sent."""
    ids: list[str] = []

    def hear(headers: Any = None, body: Any = None, **_: Any) -> None:
        # Of the older protocol the message's body has it.
        about = headers if headers and "task" in headers else body
        ids.append(about["id"])

    signals.after_task_publish.connect(hear, sender=call.task, weak=False)
    try:
        yield ids
    finally:
        signals.after_task_publish.disconnect(hear, sender=call.task)


def answer_of(call: TaskCall, value: Any, sent: Collection[str]) -> Answer | None:
    """The meaning of ``value``, which ``apply_async`` returned. ``sent``: the ids of the messages
    of this task that it has sent.
    """
    if call.id in sent:
        return None
    if isinstance(value, EagerResult):
        return _eager(call, value)
    if call.id in (value, getattr(value, "id", None)):
        # Sent before, or to be sent by somebody whom it was handed to.
        return None
    if isinstance(value, ResultBase):
        return _instead(call, value.as_tuple())
    if sent:
        return _instead(call, ((list(sent)[-1], None), None))
    return Ended(call, TaskResult(call.id, states.SUCCESS, output="null"))


def answer_to(call: TaskCall, value: Any, sent: Sequence[str]) -> Answer | None:
    """The same, whatever the value's own code does when it is looked at."""
    try:
        return answer_of(call, value, sent)
    # What the task's class answered may run code of its own when it is looked at.
    except Exception as error:  # noqa: BLE001
        return Refusal(call, error, final=bool(sent))


def _instead(call: TaskCall, ids: Any) -> Answer:
    text = json.dumps(ids, default=str)
    returned = read_substitute(text)
    if returned is None:
        return Refusal(call, NotSent("its apply_async answered with a result of an odd form"))
    return Instead(call, text, returned)


def _eager(call: TaskCall, value: EagerResult) -> Answer:
    """It was run at once, or, by celery-once, is said to be queued already."""
    if value.state == states.SUCCESS:
        record = {"status": states.SUCCESS, "result": value.result}
        return Ended(call, read_decoded(call.id, record), ran=True)
    if isinstance(value.result, Exception):
        return Refusal(call, value.result)
    return Refusal(call, NotSent(f"its apply_async answered {value.state}"))
