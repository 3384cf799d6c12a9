"""Finding workflows: filters, orders, and pages that stay stable while workflows start and end."""

from __future__ import annotations

import base64
import fnmatch
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import redis

from ..model.errors import BadQuery
from ..model.states import WorkflowState
from ..store.contracts import IndexEnded, ListWorkflows
from ..store.keys import Keys
from ..store.rows import read_rows
from ..store.script_loader import scripts_for
from .workflows import Summary, WorkflowReader

T = TypeVar("T")

#: Entries of the index that one call looks at, at most, to find those of a name or text: about two
#: milliseconds of Redis' time. The cursor leads to the entries behind.
SCAN = 2000

#: Workflows of one page at most.
MAX_SIZE = 1000

#: Ended workflows of an older version that one call enters into the index by their end.
REINDEX = 1000

#: Orders: by which time, and whether the latest comes first.
SORTS = {
    "created": ("created", False),
    "-created": ("created", True),
    "ended": ("ended", False),
    "-ended": ("ended", True),
}

#: A time in ms as Redis writes it.
_TIME = re.compile(r"[0-9]{1,15}", re.ASCII)
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items, and the cursor to go on with; ``next`` is empty at the end.

    A page may hold less than was asked for, even nothing, and yet have a ``next``: a search looks
    at a bounded part of the index for each.
    """

    items: Sequence[T]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A selection of workflows, and their order. Raises BadQuery.

    ``states``: the workflow has one of these; empty for any. ``name``: a prefix of the flow's name
    or, with ``*``, ``?`` or ``[``, a pattern for the whole of it. ``text``: a part of its id or
    name; case does not matter. ``sort``: created, -created, ended or -ended; the minus puts the
    latest first. Sorting by the end lists ended workflows only. ``since`` and ``until`` bound the
    time that is sorted by, both included.
    """

    states: Sequence[WorkflowState | str] = ()
    name: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    sort: str = "-created"

    def __post_init__(self) -> None:
        known = list(WorkflowState)
        for state in self.states:
            if state not in known:
                raise BadQuery(f"state {str(state)[:40]!r}: use one of {', '.join(known)}")
        if self.sort not in SORTS:
            raise BadQuery(f"sort {self.sort[:40]!r}: use one of {', '.join(SORTS)}")
        for what, text in (("name", self.name), ("text", self.text)):
            if len(text) > 200:
                raise BadQuery(f"the {what} to look for has more than 200 characters")

    @property
    def filters(self) -> bool:
        """Whether the index alone cannot decide, so that entries have to be looked at."""
        return bool(self.name or self.text)

    def matcher(self, keys: Keys) -> Callable[[str, str], bool]:
        """A predicate on a full id and a name."""
        text, name = self.text.casefold(), self.name
        pattern = re.compile(fnmatch.translate(name)) if _GLOB.search(name) else None

        def matches(id: str, own: str) -> bool:
            if text and text not in keys.short_id(id).casefold() and text not in own.casefold():
                return False
            return bool(pattern.match(own)) if pattern else own.startswith(name)

        return matches


class Listing:
    """Reads the indexes. Two round trips a page, however many workflows there are."""

    def __init__(self, client: redis.Redis, keys: Keys, views: WorkflowReader) -> None:
        self._client = client
        self._keys = keys
        self._views = views
        self._scripts = scripts_for(keys)

    def page(self, query: Query, cursor: str = "", size: int = 50) -> Page[Summary]:
        """Up to ``size`` workflows from ``cursor`` on. Raises BadQuery."""
        ids, position = self.ids(query, cursor, size)
        return Page(self._views.summaries(ids), position)

    def ids(self, query: Query, cursor: str = "", size: int = 50) -> tuple[list[str], str]:
        """The full ids alone, and the cursor to go on with."""
        if not 1 <= size <= MAX_SIZE:
            raise BadQuery(f"a page has 1 to {MAX_SIZE} workflows, not {size}")
        at = _position(cursor, query.sort)
        entries, more = self._entries(query, at, SCAN if query.filters else size)
        matches, ids, last = query.matcher(self._keys), list[str](), at
        for id, time, name in entries:
            if len(ids) == size:
                more = True
                break
            last = (time, id)
            if matches(id, name):
                ids.append(id)
        return ids, _cursor(query.sort, *last) if more else ""

    def _entries(
        self, query: Query, at: tuple[str, str], most: int
    ) -> tuple[Sequence[tuple[str, str, str]], bool]:
        order = "desc" if SORTS[query.sort][1] else "asc"
        args = ListWorkflows(
            order=order,
            earliest=_ms(query.since, "-inf"),
            latest=_ms(query.until, "+inf"),
            after=at[0],
            after_id=at[1],
            most=most,
            named=query.filters,
        )
        reply = self._scripts.run(self._client, args, *self._indexes(query))
        texts = [text.decode("utf-8", "replace") for text in reply[1:]]
        return list(zip(texts[::3], texts[1::3], texts[2::3], strict=True)), bool(reply[0])

    def _indexes(self, query: Query) -> list[str]:
        states = list(dict.fromkeys(map(WorkflowState, query.states)))
        if SORTS[query.sort][0] == "created":
            return [f"{self._keys.index}:{state}" for state in states] or [self._keys.index]
        ended = [state for state in states or WorkflowState if state.ended]
        self._complete(ended)
        # States that no ended workflow has list nothing.
        return [self._keys.ended + state for state in ended] or [self._keys.ended]

    def _complete(self, states: Sequence[WorkflowState]) -> None:
        """Enter what an older version ended, which left it out of the index by the end."""
        with self._client.pipeline(transaction=False) as pipe:
            for state in states:
                pipe.zcard(f"{self._keys.index}:{state}")
                pipe.zcard(self._keys.ended + state)
            counts = read_rows(pipe, 2)
        for state, (all, known) in zip(states, counts, strict=True):
            if known < all:
                for ids in self._pages(f"{self._keys.index}:{state}"):
                    self._scripts.run(self._client, IndexEnded(), *ids)

    def _pages(self, index: str) -> Iterator[list[str]]:
        start = 0
        while True:
            found: Any = self._client.zrange(index, start, start + REINDEX - 1)
            if not found:
                return
            yield [id.decode() for id in found]
            start += REINDEX


def _ms(at: datetime | None, otherwise: str) -> str:
    return otherwise if at is None else str(round(at.timestamp() * 1000))


def _cursor(sort: str, time: str, id: str) -> str:
    text = json.dumps([sort, time, id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str, sort: str) -> tuple[str, str]:
    """The time and id that a cursor names, empty for the beginning."""
    if not cursor:
        return "", ""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        order, time, id = json.loads(raw)
        # A lone surrogate is JSON, but cannot be sent to Redis.
        if not (_TIME.fullmatch(time) and isinstance(id, str) and id.isascii()):
            raise ValueError("it names no entry")
    except (ValueError, TypeError, RecursionError) as error:
        raise BadQuery("this is no cursor: give the one that came with the last page") from error
    if order != sort:
        raise BadQuery(f"the cursor is of the order {str(order)[:40]!r}, not of {sort!r}")
    return time, id
