"""What Celery stored of an exception: its class, and the text that ``str()`` gave.

Celery keeps the arguments, and the traceback, which ends with that text. What pickle cannot
rebuild is replaced before it is stored: by a base class that it can, of which nothing here can
tell, or by :data:`WRAPPER`, which names the class and is undone here.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any, NamedTuple

from littleflow_redis.engine.model.exception_classes import ANY, class_names, imported_class
from littleflow_redis.engine.model.task_events import MAX_REASON, MAX_TRACEBACK
from littleflow_redis.tasks.conversion import convert

#: Stands for an exception that pickle cannot rebuild: module, class, arguments, and ``repr()``.
WRAPPER = ("celery.utils.serialization", "UnpickleableExceptionWrapper")

#: What Celery stores instead of a result that cannot be encoded; tasks may raise it, too, but not
#: from where a frame of the traceback says that a result is stored.
_UNENCODABLE, _STORING = ("kombu.exceptions", "EncodeError"), ", in mark_as_done\n"

#: What an ``async def`` leaves where the pool runs no coroutines, as only pools of others do.
_COROUTINE = "type coroutine"
NO_ASYNC = (
    "Celery calls an `async def` and does not await it: make the task a plain function with "
    "asyncio.run(…) in it"
)

_FRAMES = "Traceback (most recent call last):\n"
#: Of an exception group, whose lines begin with a margin.
_GROUP_FRAMES, _MARGIN = "  + Exception Group Traceback (most recent call last):\n", "  | "
#: Between an exception and the one that it led to.
_LED_TO = (
    "\nThe above exception was the direct cause of the following exception:\n\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
)


@dataclass(frozen=True, slots=True)
class TaskError:
    """Why a task did not succeed: texts for people; ``classes`` are what ``$retry`` looks at.

    ``final`` says that another try would fail the same way.
    """

    type: str
    message: str
    traceback: str = ""
    classes: tuple[str, ...] = ()
    final: bool = False

    @property
    def reason(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


def raised(error: BaseException) -> TaskError:
    """An exception of this process."""
    kind = type(error)
    name = _Raised(kind.__module__, kind.__qualname__).full
    try:
        said = str(error) or _more_than(f"{kind.__name__}()", repr(error))
    # Code of the class's own; what stands for its text is what tracebacks have.
    except Exception:  # noqa: BLE001
        said = "<exception str() failed>"
    return _task_error(name, said, "", tuple(class_names(kind)))


def failure_of(record: Mapping[str, Any]) -> TaskError:
    """The error in a record of FAILURE, REVOKED or RETRY. Raises NotPlain."""
    traceback = record.get("traceback")
    traceback = traceback if isinstance(traceback, str) else ""
    match record.get("result"):
        case {"exc_type": str(name), **rest}:
            module = rest.get("exc_module")
            stored = _Raised(module if isinstance(module, str) else builtins.__name__, name)
            return _error(stored, as_plain(rest.get("exc_message")), traceback)
        case other:
            return _task_error(record["status"], text_of(as_plain(other)), traceback)


class _Raised(NamedTuple):
    """The class of an exception, as it is stored."""

    module: str
    name: str

    @property
    def full(self) -> str:
        return self.name if self.module == builtins.__name__ else f"{self.module}.{self.name}"

    @property
    def shown(self) -> str:
        """As tracebacks have it."""
        return self.name if self.module == "__main__" else self.full

    @property
    def cls(self) -> type | None:
        return imported_class(self.module, self.name)


def _error(stored: _Raised, arguments: Any, traceback: str) -> TaskError:
    match arguments:
        case [str(module), str(name), list(own), text] if stored == WRAPPER:
            stored = _Raised(module, name)
            said = text_of(own, stored.cls) or _more_than(f"{name}()", text)
        case _:
            said = _told(stored, text_of(arguments, stored.cls), traceback)
    classes = class_names(stored.cls) if stored.cls else (stored.full, ANY)
    # The task has run, and its result is no better the next time.
    final = stored == _UNENCODABLE and _STORING in traceback
    if final and _COROUTINE in said:
        said += f"; {NO_ASYNC}"
    return _task_error(stored.full, said, traceback, tuple(classes), final)


def _task_error(
    kind: str, said: str, traceback: str, classes: tuple[str, ...] = (), final: bool = False
) -> TaskError:
    return TaskError(kind, said[:MAX_REASON], traceback[-MAX_TRACEBACK:], classes, final)


def as_plain(value: Any) -> Any:
    """What a Celery serializer gave, as JSON for people. Raises NotPlain."""
    return convert(value, enveloped=True).data


def _more_than(nothing: str, text: Any) -> str:
    return text if isinstance(text, str) and text != nothing else ""


def text_of(arguments: Any, kind: type | None = None) -> str:
    """The text of an exception by its arguments, where its class has no way of its own."""
    match arguments:
        case None | []:
            return ""
        case [one] if kind and issubclass(kind, KeyError):
            return repr(one)
        case [one]:
            return str(one)
        case [code, text] if kind and issubclass(kind, OSError):
            return f"[Errno {code}] {text}"
        case [str(text), [str(file), int(line), *_]] if kind and issubclass(kind, SyntaxError):
            return f"{text} ({file.rpartition('/')[2]}, line {line})"
        case [*several]:
            return repr(tuple(several))
        case other:
            return str(other)


def _told(stored: _Raised, expected: str, traceback: str) -> str:
    """The text that ``str()`` gave to whoever wrote the traceback, which ends with it.

    ``expected`` is what the arguments give: it says where a text ends that notes follow, and stands
    for what a traceback does not tell.
    """
    told, name = traceback.removesuffix("\n"), stored.shown
    if stored.cls and issubclass(stored.cls, SyntaxError):
        return expected
    if expected and told.endswith(f"\n{name}: {expected}"):
        return expected
    block = _last_block(told)
    if block.startswith(f"{name}: ") and not block.startswith(f"{name}: {expected}\n"):
        return block.removeprefix(f"{name}: ")
    return expected


def _last_block(traceback: str) -> str:
    """What stands below the frames of the exception that was raised last; empty if none does."""
    start = max(
        traceback.rfind(words) + len(words) if words in traceback else 0 for words in _LED_TO
    )
    last = traceback[start:]
    if last.startswith(_GROUP_FRAMES):
        inside = last.removeprefix(_GROUP_FRAMES).partition("\n  +-")[0].split("\n")
        last = _FRAMES + "\n".join(line.removeprefix(_MARGIN) for line in inside)
    if not last.startswith(_FRAMES):
        return ""
    lines = last.removeprefix(_FRAMES).split("\n")
    return "\n".join(dropwhile(lambda line: line[:1] in ("", " "), lines))
