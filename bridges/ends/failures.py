"""The error in a record of a failed task: the exception's class, and the text of ``str()``.

Celery keeps the arguments, and the traceback, which ends with that text. It replaces an exception
that pickle cannot rebuild before it stores it. Either a base class that pickle can rebuild stands
for it, and nothing here can see that. Or :data:`WRAPPER` does: it names the class, and is undone.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from itertools import dropwhile
from typing import Any, NamedTuple

from littleflow_redis.engine.model.exception_classes import ANY, class_names, imported_class
from littleflow_redis.tasks.conversion import convert

from .task_error import TaskError, full_name, shortened_error, text_unless

#: Stands for an exception that pickle cannot rebuild: module, class, arguments, and ``repr()``.
WRAPPER = ("celery.utils.serialization", "UnpickleableExceptionWrapper")

#: Celery stores this class instead of a result that cannot be encoded. Tasks may raise it too, but
#: then no frame of the traceback says that a result is being stored.
_UNENCODABLE, _STORING = ("kombu.exceptions", "EncodeError"), ", in mark_as_done\n"

#: An ``async def`` returns this where the pool runs no coroutines; only pools of others do.
_COROUTINE = "type coroutine"
NO_ASYNC = (
    "Celery calls an `async def` and does not await it: make the task a plain function with "
    "asyncio.run(…) in it"
)

_FRAMES = "Traceback (most recent call last):\n"
#: The same for an exception group, whose lines begin with a margin.
_GROUP_FRAMES, _MARGIN = "  + Exception Group Traceback (most recent call last):\n", "  | "
#: Between an exception and the next one, which it caused.
_CAUSED = (
    "\nThe above exception was the direct cause of the following exception:\n\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
)


def failure_of(record: Mapping[str, Any]) -> TaskError:
    """The error in a record of FAILURE, REVOKED or RETRY. Raises NotPlain."""
    traceback = record.get("traceback")
    traceback = traceback if isinstance(traceback, str) else ""
    match record.get("result"):
        case {"exc_type": str(name), **rest}:
            module = rest.get("exc_module")
            stored = _StoredClass(module if isinstance(module, str) else builtins.__name__, name)
            return _error(stored, as_plain(rest.get("exc_message")), traceback)
        case other:
            return shortened_error(record["status"], text_of(as_plain(other)), traceback)


class _StoredClass(NamedTuple):
    """The class of an exception, as it is stored."""

    module: str
    name: str

    @property
    def full(self) -> str:
        return full_name(self.module, self.name)

    @property
    def shown(self) -> str:
        """The name in tracebacks."""
        return self.name if self.module == "__main__" else self.full

    @property
    def cls(self) -> type | None:
        return imported_class(self.module, self.name)


def _error(stored: _StoredClass, arguments: Any, traceback: str) -> TaskError:
    match arguments:
        case [str(module), str(name), list(own), text] if stored == WRAPPER:
            stored = _StoredClass(module, name)
            message = text_of(own, stored.cls) or text_unless(f"{name}()", text)
        case _:
            message = _message(stored, text_of(arguments, stored.cls), traceback)
    classes = class_names(stored.cls) if stored.cls else (stored.full, ANY)
    # The task has run, and its result is no better the next time.
    final = stored == _UNENCODABLE and _STORING in traceback
    if final and _COROUTINE in message:
        message += f"; {NO_ASYNC}"
    return shortened_error(stored.full, message, traceback, tuple(classes), final)


def as_plain(value: Any) -> Any:
    """A value from one of Celery's serializers, as JSON for people. Raises NotPlain."""
    return convert(value, enveloped=True).data


def text_of(arguments: Any, kind: type | None = None) -> str:
    """The text of an exception by its arguments, unless its class makes a text of its own."""
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


def _message(stored: _StoredClass, expected: str, traceback: str) -> str:
    """The text that ``str()`` gave when the traceback was written, which ends with it.

    ``expected`` is the text by the arguments. It marks where a text ends that notes follow, and is
    the message where the traceback has none.
    """
    text, name = traceback.removesuffix("\n"), stored.shown
    if stored.cls and issubclass(stored.cls, SyntaxError):
        return expected
    if expected and text.endswith(f"\n{name}: {expected}"):
        return expected
    block = _last_block(text)
    if block.startswith(f"{name}: ") and not block.startswith(f"{name}: {expected}\n"):
        return block.removeprefix(f"{name}: ")
    return expected


def _last_block(traceback: str) -> str:
    """The text below the frames of the exception that was raised last; empty if there is none."""
    start = max(
        traceback.rfind(words) + len(words) if words in traceback else 0 for words in _CAUSED
    )
    last = traceback[start:]
    if last.startswith(_GROUP_FRAMES):
        inside = last.removeprefix(_GROUP_FRAMES).partition("\n  +-")[0].split("\n")
        last = _FRAMES + "\n".join(line.removeprefix(_MARGIN) for line in inside)
    if not last.startswith(_FRAMES):
        return ""
    lines = last.removeprefix(_FRAMES).split("\n")
    return "\n".join(dropwhile(lambda line: line[:1] in ("", " "), lines))
