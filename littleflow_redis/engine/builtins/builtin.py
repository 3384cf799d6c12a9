"""The form of a built-in task, and what a lifecycle worker gives it to begin with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from littleflow_redis.events.script_batch import Call

from ..model import json_values
from ..model.task_events import StartTask
from ..model.wait_kinds import WaitKind
from ..store.mailbox import EventWait
from ..store.scripts import Transitions

#: What a task's parameters say.
Request = TypeVar("Request")


class BuiltinAttempt(Protocol):
    """An attempt of a built-in task, in the lifecycle worker that begins it.

    Either of its methods begins the attempt and acknowledges its start-task.
    """

    task: StartTask
    group: str
    transitions: Transitions

    def run(self, call: Call) -> None:
        """Run the script that begins the attempt."""

    def wait_for_event(self, wait: EventWait) -> None:
        """Wait for an event."""


class BuiltinTask(ABC, Generic[Request]):
    """A task that the engine runs itself. Subclasses hold no state: one instance serves all."""

    #: The base of the steps that it serves.
    name: str
    #: What its attempts wait for, where they wait.
    waits_for: ClassVar[WaitKind] = WaitKind.TIMER

    @abstractmethod
    def read(self, task: StartTask) -> Request:
        """Read and check the parameters.

        Raises ValueError: the step fails finally, with the task's name and this message.
        """

    def check(self, parameters: Any) -> None:
        """Check what is wrong with the parameters whatever the input is.

        Raises ValueError, with a message as that of ``read``.
        """

    @abstractmethod
    def begin(self, attempt: BuiltinAttempt, request: Request) -> None:
        """Begin the attempt by one of its methods. Raises RedisError."""

    def run_local(self, task: StartTask, request: Request) -> str:  # noqa: ARG002
        """The output in a local run, as JSON text. By default nothing is waited for.

        Raises CannotRunLocally.
        """
        return json_values.dump(task.input)

    def request(self, task: StartTask) -> Request:
        """The same as ``read``, with a message that is a whole sentence. Raises ValueError."""
        try:
            return self.read(task)
        except ValueError as error:
            raise ValueError(f"{task.base} {error}") from error


class CannotRunLocally(Exception):
    """A built-in task has no output without Redis; the message says what to do."""


AnyBuiltinTask = BuiltinTask[Any]
