"""Celery's tuples of ids, by which a stored result stands for other tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

#: Longest id that is looked up.
_LONGEST = 300

#: Groups within each other, in a tuple. Chains may be as long as JSON can be deep.
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class ReturnedIds:
    """A task, or a group with its ``members``, and what had to be done before it: ``parent``.

    ``answered`` says that no task returned it, but ``apply_async`` when it was to send one: then it
    is somebody else's.
    """

    id: str
    parent: ReturnedIds | None = None
    members: tuple[ReturnedIds, ...] | None = None
    answered: bool = False

    @property
    def ids(self) -> set[str]:
        """The ids under which something is stored of it: not those of groups."""
        return {one.id for one in _all(self) if one.members is None}

    @property
    def by(self) -> str:
        return "which its apply_async returned" if self.answered else "which it returned"

    def __str__(self) -> str:
        if self.members is None:
            return f"the task {self.id}, {self.by}"
        return f"the {len(self.members)} tasks of the group {self.id}, {self.by}"


def read_returned(value: Any, children: Any) -> ReturnedIds | None:
    """Read a result as a tuple of ids; None if it is a value of the task's own.

    It is a tuple if the worker noted one of its ids among the ``children``, the tasks that were
    started meanwhile: no value looks like that by chance.
    """
    try:
        read = _read(value, _DEEPEST)
        started = [_read(child, _DEEPEST) for child in children or ()]
    except (ValueError, TypeError):
        return None
    known = {inner.id for one in started for inner in _all(one)}
    return read if any(inner.id in known for inner in _all(read)) else None


def read_answered(text: str) -> ReturnedIds | None:
    """Read what ``apply_async`` answered instead of sending; None if it is no tuple of ids."""
    try:
        return replace(_read(json.loads(text), _DEEPEST), answered=True)
    except (ValueError, TypeError, RecursionError):
        return None


def _read(value: Any, deepest: int) -> ReturnedIds:
    line: list[tuple[str, Any]] = []
    while value is not None or not line:
        (id, value), members = value
        if not isinstance(id, str) or not 0 < len(id) <= _LONGEST or not deepest:
            raise ValueError("no tuple of ids")
        line.append((id, members))
    first, *others = (
        ReturnedIds(
            id, None, None if members is None else tuple(_read(m, deepest - 1) for m in members)
        )
        for id, members in reversed(line)
    )
    for one in others:
        first = replace(one, parent=first)
    return first


def _all(returned: ReturnedIds | None) -> Iterator[ReturnedIds]:
    """It, what is within it, and what came before it."""
    while returned is not None:
        yield returned
        for member in returned.members or ():
            yield from _all(member)
        returned = returned.parent
