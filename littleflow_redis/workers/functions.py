"""Python functions that serve steps: found by name, called by the binding rule, their ends told."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import Signature
from traceback import TracebackException
from typing import Any

from littleflow_redis.engine import messages, values
from littleflow_redis.engine.messages import StartTask, end_fields
from littleflow_redis.events.wire import encode, message
from littleflow_redis.tasks.binding import Bind, BindError, bind

#: Names that an error lists before it says how many more there are.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Served:
    """A function, how it is called, and how it binds unless the step's ``$bind`` says otherwise."""

    name: str
    function: Callable[..., Any]
    signature: Signature
    bind: Bind


class Functions:
    """The functions of one category, by name; ``-`` in a name matches ``_``."""

    def __init__(self, category: str) -> None:
        self.category = category
        self._served: dict[str, Served] = {}

    def add(self, name: str, function: Callable[..., Any], mode: str) -> None:
        """Serve ``category:name`` by a function.

        Raises ValueError for a name that is taken and an unknown ``mode``, TypeError for what is no
        plain function.
        """
        if mode not in set(Bind):
            raise ValueError(f"bind is {mode!r}: set it to {', '.join(Bind)}")
        if inspect.iscoroutinefunction(function) or not callable(function):
            raise TypeError(f"{name!r} must be a plain function: call asyncio.run(…) in one")
        key = _key(name)
        if key in self._served:
            raise ValueError(
                f"{self.base(name)} is served by {self._served[key].function!r}: give another name"
            )
        self._served[key] = Served(name, function, _signature(function), Bind(mode))

    def base(self, name: str) -> str:
        """What a step is called that this name serves."""
        return f"{self.category}:{name}" if self.category else name

    @property
    def bases(self) -> list[str]:
        """The steps that are served, in the order of their registration."""
        return [self.base(served.name) for served in self._served.values()]

    def has_category(self, base: str) -> bool:
        """Tell if a step is of this category."""
        return messages.category_of(base) == self.category

    def serves(self, base: str) -> bool:
        """Tell if a function serves a step."""
        return self.has_category(base) and self.find(base) is not None

    def find(self, base: str) -> Served | None:
        """The function that serves a step of this category."""
        name = base.removeprefix(f"{self.category}:") if self.category else base
        return self._served.get(_key(name))

    def run(self, task: StartTask, worker: str) -> dict[str, str]:
        """Run a task; return the encoded fields of its end, whatever came of it."""
        served = self.find(task.base)
        if served is None:
            return self._failed(task, worker, self._unknown(task.base), final=True)
        mode = task.options.get("$bind", served.bind)
        name = self.base(served.name)
        try:
            args, kwargs = bind(served.signature, task.input, task.parameters, mode, name=name)
        except BindError as error:
            return self._failed(task, worker, str(error), final=True)
        try:
            output = served.function(*args, **kwargs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit() in a task is the task's failure
            return self._raised(task, worker, error)
        return self._returned(task, worker, output)

    def _returned(self, task: StartTask, worker: str, output: Any) -> dict[str, str]:
        try:
            text = _output_text(output)
        except values.BadValue as error:
            reason = f"{task.base} returned what cannot be stored: {error}"
            return self._failed(task, worker, reason, final=True)
        fields = end_fields(task, worker=worker)
        return encode(message(fields)) | {"output": text}

    def _raised(self, task: StartTask, worker: str, error: BaseException) -> dict[str, str]:
        report = TracebackException.from_exception(_from_the_task_on(error))
        kind, text = type(error).__name__, str(report)
        reason = f"{kind}: {text}" if text else kind
        detail = {
            "type": kind,
            "message": text[: messages.MAX_REASON],
            "traceback": "".join(report.format())[-messages.MAX_TRACEBACK :],
        }
        return self._failed(task, worker, reason, error=detail)

    def _failed(
        self,
        task: StartTask,
        worker: str,
        reason: str,
        *,
        error: Mapping[str, str] | None = None,
        final: bool = False,
    ) -> dict[str, str]:
        # Lone surrogates (of file names that are not UTF-8) can be in no text that Redis is sent.
        reason = reason[: messages.MAX_REASON].encode(errors="backslashreplace").decode()
        fields = end_fields(task, reason=reason, error=error, worker=worker, final=final)
        return encode(message(fields))

    def _unknown(self, base: str) -> str:
        names = [served.name for served in self._served.values()]
        close = get_close_matches(base[:100].removeprefix(f"{self.category}:"), names)
        meant = " or ".join(map(self.base, close))
        hint = f"did you mean {meant}?" if close else f"it has {_listed(self.bases)}"
        return f"no function of the listener serves {base[:100]}: {hint}"


def _output_text(output: Any) -> str:
    text = values.dump(output)
    # What has just been written need not be read again to be checked.
    return text if len(text) <= values.MAX_OUTPUT else values.output_text(text)


def _key(name: str) -> str:
    return name.replace("-", "_")


def _listed(bases: Collection[str]) -> str:
    if not bases:
        return "none: register functions with @listener.task"
    shown = ", ".join(list(bases)[:_SHOWN])
    more = len(bases) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _from_the_task_on(error: BaseException) -> BaseException:
    """The same error without our own frame at the top of its traceback."""
    traceback = error.__traceback__
    return error.with_traceback(traceback.tb_next if traceback else None)


def _signature(function: Callable[..., Any]) -> Signature:
    if sys.version_info >= (3, 14):
        import annotationlib

        # Values would be evaluated now: imports under TYPE_CHECKING are not there.
        form = annotationlib.Format.STRING
        return inspect.signature(function, annotation_format=form)
    return inspect.signature(function)
