"""Entries of a stream, and how they are made of what Redis answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One entry of a stream as it was delivered; decoding the fields is the reader's business."""

    id: str
    fields: Mapping[bytes, bytes]
    #: How often it was delivered, this time included.
    deliveries: int


def rows_of_one(reply: Any) -> Sequence[Any]:
    """Take the rows out of a reply of XREADGROUP, in either protocol's form."""
    if not reply:
        return ()
    rows: Sequence[Any] = next(iter(reply.values())) if isinstance(reply, dict) else reply[0][1]
    return rows


def entries_of(rows: Sequence[Any], deliveries: Mapping[str, int]) -> list[Entry]:
    """Make entries of raw rows; deleted ones are left out. Unknown ids were delivered once."""
    entries = []
    for raw_id, flat in rows:
        if flat is not None:
            id = raw_id.decode()
            entries.append(
                Entry(id, dict(zip(flat[::2], flat[1::2], strict=True)), deliveries.get(id, 1))
            )
    return entries
