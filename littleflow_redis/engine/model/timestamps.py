"""Times: ms since 1970 by Redis' clock as they are stored, UTC as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime

from littleflow_redis.language.delays import LATEST as LATEST


def required_time(ms: bytes | int | float) -> datetime:
    """A time in ms since 1970 as UTC; what is later than LATEST is shown as that."""
    return datetime.fromtimestamp(min(float(ms), LATEST) / 1000, UTC)


def optional_time(ms: bytes | int | float | None) -> datetime | None:
    """The same; None for none."""
    return required_time(ms) if ms is not None and float(ms) > 0 else None


def iso(ms: bytes | int | float | None) -> str | None:
    """A time in ms since 1970 as ISO text, to the millisecond; None for none."""
    at = optional_time(ms)
    return None if at is None else at.isoformat(timespec="milliseconds")
