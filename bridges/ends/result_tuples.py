"""Celery's tuples of ids, by which a stored result stands for other tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

#: Longest id that is looked up, in characters.
_MAX_ID = 300

#: The text of a publication that ends by its own result: its task ran in a Celery worker, and was
#: replaced or returned others. It names no ids, so nobody follows any.
OWN_RESULT = '"result"'

#: Levels of groups within groups in one tuple. Chains may be as long as JSON can be deep.
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class ReturnedIds:
    """A task, or a group with its ``members``; ``parent`` is the task or group before it.

    ``substitute``: no task returned it, but ``apply_async`` did instead of sending its task. Then
    it is somebody else's.
    """

    id: str
    parent: ReturnedIds | None = None
    members: tuple[ReturnedIds, ...] | None = None
    substitute: bool = False

    @property
    def ids(self) -> set[str]:
        """The ids under which results are stored: groups have none of their own."""
        return {one.id for one in _all(self) if one.members is None}

    @property
    def origin(self) -> str:
        """A clause for people: where the ids come from."""
        return "which its apply_async returned" if self.substitute else "which it returned"

    def __str__(self) -> str:
        if self.members is None:
            return f"the task {self.id}, {self.origin}"
        return f"the {len(self.members)} tasks of the group {self.id}, {self.origin}"


def read_returned(value: Any, children: Any) -> ReturnedIds | None:
    """Read a result as a tuple of ids; None if it is a value of the task's own.

    It is a tuple if the worker noted one of its ids among the ``children``, the tasks that were
    started meanwhile: no value looks like that by chance.
    """
    try:
        read = _read(value, _MAX_DEPTH)
        started = [_read(child, _MAX_DEPTH) for child in children or ()]
    except (ValueError, TypeError):
        return None
    known = {inner.id for one in started for inner in _all(one)}
    return read if any(inner.id in known for inner in _all(read)) else None


def read_substitute(text: str) -> ReturnedIds | None:
    """Read the ids that ``apply_async`` returned instead of sending; None if it is no such tuple.

    ``text`` is JSON.
    """
    try:
        return replace(_read(json.loads(text), _MAX_DEPTH), substitute=True)
    except (ValueError, TypeError, RecursionError):
        return None


def _read(value: Any, depth: int) -> ReturnedIds:
    line: list[tuple[str, Any]] = []
    while value is not None or not line:
        (id, value), members = value
        if not isinstance(id, str) or not 0 < len(id) <= _MAX_ID or not depth:
            raise ValueError("no tuple of ids")
        line.append((id, members))
    first, *others = (
        ReturnedIds(
            id, None, None if members is None else tuple(_read(m, depth - 1) for m in members)
        )
        for id, members in reversed(line)
    )
    for one in others:
        first = replace(one, parent=first)
    return first


def _all(returned: ReturnedIds | None) -> Iterator[ReturnedIds]:
    """The task or group, its members, and all before it."""
    while returned is not None:
        yield returned
        for member in returned.members or ():
            yield from _all(member)
        returned = returned.parent
