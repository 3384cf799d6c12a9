"""Celery's tuples of ids, by which a stored result stands for other tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Longest id that is looked up.
_LONGEST = 300

#: Chains and groups within each other, in a tuple.
_DEEPEST = 500


@dataclass(frozen=True, slots=True)
class Returned:
    """A task, or a group with its ``members``, and what had to be done before it: ``parent``."""

    id: str
    parent: Returned | None = None
    members: tuple[Returned, ...] | None = None

    @property
    def ids(self) -> set[str]:
        """The ids under which something is stored of it: not those of groups."""
        own = {self.id} if self.members is None else set()
        inner = (*(self.members or ()), *([self.parent] if self.parent else ()))
        return own.union(*(one.ids for one in inner))

    def __str__(self) -> str:
        if self.members is None:
            return f"the task {self.id}, which it returned"
        return f"the {len(self.members)} tasks of the group {self.id}, which it returned"


def read_returned(value: Any, children: Any) -> Returned | None:
    """Read a result as a tuple of ids; None if it is a value of the task's own.

    It is a tuple if the worker noted one of its ids among the ``children``, the tasks that were
    started meanwhile: no value looks like that by chance.
    """
    try:
        read = _read(value, _DEEPEST)
        started = [_read(child, _DEEPEST) for child in children or ()]
    except (ValueError, TypeError):
        return None
    known = {id for one in started for id in _all(one)}
    return read if known.intersection(_all(read)) else None


def _read(value: Any, deepest: int) -> Returned:
    (id, parent), members = value
    if not isinstance(id, str) or not 0 < len(id) <= _LONGEST or not deepest:
        raise ValueError("no tuple of ids")
    return Returned(
        id,
        None if parent is None else _read(parent, deepest - 1),
        None if members is None else tuple(_read(one, deepest - 1) for one in members),
    )


def _all(returned: Returned) -> Iterator[str]:
    yield returned.id
    for one in (*(returned.members or ()), *([returned.parent] if returned.parent else ())):
        yield from _all(one)
