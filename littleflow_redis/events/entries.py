"""Entries of a stream, parsed from Redis' replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One entry of a stream as it was delivered; the reader decodes its fields."""

    id: str
    fields: Mapping[bytes, bytes]
    #: Number of deliveries, this one included.
    deliveries: int


def rows_of_one(reply: Any) -> Sequence[Any]:
    """Return the rows of a reply of XREADGROUP, in either protocol's form."""
    if not reply:
        return ()
    rows: Sequence[Any] = next(iter(reply.values())) if isinstance(reply, dict) else reply[0][1]
    return rows


def entries_of(rows: Sequence[Any], deliveries: Mapping[str, int]) -> list[Entry]:
    """Parse raw rows; deleted entries are left out. An id without a count was delivered once."""
    entries = []
    for raw_id, flat in rows:
        if flat is not None:
            id = raw_id.decode()
            entries.append(
                Entry(id, dict(zip(flat[::2], flat[1::2], strict=True)), deliveries.get(id, 1))
            )
    return entries
