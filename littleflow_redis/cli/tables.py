"""Plain tables: columns that line up, whole lines, nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from littleflow_redis.events.event_codec import printable


def table(rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows, the first of which holds the titles."""
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip_longest(*clean, fillvalue="")]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in clean
    )


def moment(at: datetime | None) -> str:
    """A time in UTC, to the millisecond; empty for none."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z" if at else ""


def duration(begin: datetime | None, end: datetime | None) -> str:
    """The duration, for people; empty while it is not over."""
    if begin is None or end is None:
        return ""
    took = end - begin
    if took < timedelta(minutes=1):
        return f"{took.total_seconds():.3f} s"
    return str(timedelta(seconds=round(took.total_seconds())))
