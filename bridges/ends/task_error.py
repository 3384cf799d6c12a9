"""The error of a task, as it is reported to the engine."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

from littleflow_redis.engine.model.exception_classes import class_names
from littleflow_redis.engine.model.task_events import MAX_REASON, MAX_TRACEBACK

#: Type of the error of a record that cannot be read or whose value cannot be an output.
UNREADABLE = "UnreadableResult"


@dataclass(frozen=True, slots=True)
class TaskError:
    """Why a task did not succeed: texts for people; ``$retry`` compares ``classes``.

    ``final``: another try would fail the same way.
    """

    type: str
    message: str
    traceback: str = ""
    classes: tuple[str, ...] = ()
    final: bool = False

    @property
    def reason(self) -> str:
        """Type and message in one line."""
        return f"{self.type}: {self.message}" if self.message else self.type


def shortened_error(
    kind: str, message: str, traceback: str, classes: tuple[str, ...] = (), final: bool = False
) -> TaskError:
    """An error whose texts are cut to the lengths that the engine stores."""
    return TaskError(kind, message[:MAX_REASON], traceback[-MAX_TRACEBACK:], classes, final)


def error_of(exception: BaseException) -> TaskError:
    """The error that an exception of this process means."""
    kind = type(exception)
    try:
        message = str(exception) or text_unless(f"{kind.__name__}()", repr(exception))
    # The class's own code runs here; tracebacks print the same text for it.
    except Exception:  # noqa: BLE001
        message = "<exception str() failed>"
    name = full_name(kind.__module__, kind.__qualname__)
    return shortened_error(name, message, "", tuple(class_names(kind)))


def unusable_error(reason: str) -> TaskError:
    """The error of a record that cannot be used; another try would give the same."""
    return TaskError(UNREADABLE, reason[:MAX_REASON], final=True)


def full_name(module: str, name: str) -> str:
    """The name of a class with its module, which built-in ones go without."""
    return name if module == builtins.__name__ else f"{module}.{name}"


def text_unless(nothing: str, text: Any) -> str:
    """``text``, or an empty one if it is ``nothing`` or no text."""
    return text if isinstance(text, str) and text != nothing else ""
