"""Which registered Celery task serves a step.

For the base ``math:add``, in this order:

1. what an explicit map says;
2. the task named ``math:add`` literally, ``add``, then ``<app>.add``;
3. the one task whose last part is ``add``; of several the one under a module ``math``.

``:`` inside the rest stands for ``.``, and ``-`` and ``_`` are the same. A literal match wins.
Celery's own tasks (``celery.*``) serve no step.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.language.errors import close_names

#: Task names that a sentence lists before it says how many more there are.
_SHOWN = 5

_BUILT_IN = "celery."


@dataclass(frozen=True, slots=True)
class Found:
    """The registered task that serves the step; ``why`` it does, for people."""

    task: str
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """No task serves the step; ``close`` are names that look like it."""

    base: str
    close: tuple[str, ...]

    @property
    def reason(self) -> str:
        close = f"did you mean {_either(self.close)}?" if self.close else "no name is close to it."
        return (
            f"no Celery task serves {self.base!r}: {close} "
            f"Register it, or say which it is: --map {self.base}=TASK"
        )


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """More than one task could serve the step."""

    base: str
    candidates: tuple[str, ...]

    @property
    def reason(self) -> str:
        return (
            f"{self.base!r} could be the Celery task {_either(self.candidates)}: say which it is, "
            f"as in --map {self.base}={self.candidates[0]}"
        )


Resolution: TypeAlias = Found | Unknown | Ambiguous


class TaskLookup:
    """The names of an app's tasks, and which of them a step means.

    ``prefixes`` are what ``<app>`` stands for, best first. Raises ConfigurationError if ``mapping``
    (base → task) names a task that is not registered.
    """

    def __init__(
        self,
        tasks: Iterable[str],
        prefixes: Sequence[str] = (),
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        self.tasks = frozenset(name for name in tasks if not name.startswith(_BUILT_IN))
        self._prefixes = tuple(prefixes)
        self._mapping = dict(mapping or {})
        self._by_form: dict[str, list[str]] = defaultdict(list)
        self._by_last: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.tasks):
            form = _form(name)
            self._by_form[form].append(name)
            self._by_last[form.rpartition(".")[2]].append(name)
        for base, task in self._mapping.items():
            self._check_mapped(base, task)

    @property
    def digest(self) -> str:
        """The same for lookups that find the same tasks."""
        text = json.dumps([sorted(self.tasks), self._prefixes, sorted(self._mapping.items())])
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def resolve(self, base: str) -> Resolution:
        """Find the task that serves steps with this ``base``."""
        if base in self._mapping:
            return Found(self._mapping[base], "it is mapped to it")
        category, colon, rest = base.partition(":")
        wanted = rest if colon else base
        why = "by its name"
        candidates = self._named(base, wanted)
        if not candidates:
            why = f"the one task whose last part is {wanted!r}"
            candidates = self._ending(category if colon else "", wanted)
        match candidates:
            case [one]:
                return Found(one, why)
            case []:
                return Unknown(base, self._close(wanted))
            case several:
                return Ambiguous(base, tuple(several))

    def _named(self, base: str, wanted: str) -> list[str]:
        if base in self.tasks:
            return [base]
        for name in (wanted, *(f"{prefix}.{wanted}" for prefix in self._prefixes)):
            literal = name.replace(":", ".")
            if literal in self.tasks:
                return [literal]
            if same := self._by_form.get(_form(name)):
                return same
        return []

    def _ending(self, category: str, wanted: str) -> list[str]:
        found = self._under(wanted)
        if len(found) > 1 and category:
            return self._under(f"{category}.{wanted}") or found
        return found

    def _under(self, tail: str) -> list[str]:
        """The names that end with all parts of ``tail``."""
        form = _form(tail)
        same_last = self._by_last.get(form.rpartition(".")[2], [])
        found = [name for name in same_last if f".{_form(name)}".endswith(f".{form}")]
        literal = [name for name in found if f".{name}".endswith(f".{tail.replace(':', '.')}")]
        return literal or found

    def _close(self, wanted: str) -> tuple[str, ...]:
        by_last = close_names(_form(wanted).rpartition(".")[2], self._by_last, _SHOWN)
        return tuple(name for last in by_last for name in self._by_last[last])

    def _check_mapped(self, base: str, task: str) -> None:
        if task not in self.tasks:
            close = _either(self._close(task) or tuple(sorted(self.tasks)))
            raise ConfigurationError(
                f"{base} is mapped to {task}: the app has no such task; it has "
                f"{close or 'none at all'}"
            )


def _form(name: str) -> str:
    return name.replace(":", ".").replace("-", "_")


def _either(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return " or ".join(names[:_SHOWN]) + (f" or {more} more" if more > 0 else "")
