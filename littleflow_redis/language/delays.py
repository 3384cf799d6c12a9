"""The parameters of `wait:delay`: read when the text is compiled, and again when the step runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from .options import BadOption, seconds

#: The task whose parameters these are.
DELAY = "wait:delay"

#: The last time that Python has, in ms since 1970: the end of the year 9999.
LATEST = 253_402_300_799_999

_EXAMPLE = "2030-01-31T08:00:00+00:00"

#: A date, perhaps a time of day, and then what should be a zone.
_ZONED = re.compile(r"(\d{4}-?\d\d-?\d\d(?:[T ]\d\d(?::?\d\d)*(?:[.,]\d+)?)?)\s*([^\d.,:\s].*)")


def read_delay(parameters: object) -> tuple[int | None, int]:
    """Read a delay: its length in ms, or None and its end in ms since 1970.

    Raises BadOption, whose message says what is expected.
    """
    given = parameters if isinstance(parameters, Mapping) else {}
    if len(given.keys() & {"duration", "until"}) != 1 or len(given) != 1:
        raise BadOption(
            "needs one of duration (seconds, or text such as 1h30m) and until (an ISO 8601 time)"
        )
    if "duration" in given:
        return round(seconds(given["duration"]) * 1000), 0
    return None, _time(str(given["until"]))


def _time(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(
            f"until: {text[:60]!r} is no ISO 8601 time such as {_EXAMPLE}", _hint(text)
        ) from None
    # A time without a zone is UTC, as every time that we print.
    ms = round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    if ms > LATEST:
        # In another zone it may be: nobody could read when it is due.
        raise BadOption(f"until: {text[:60]!r} is after the year 9999 in UTC")
    return ms


def _hint(text: str) -> str:
    found = _ZONED.fullmatch(text.strip())
    if found is None:
        return "a time from now is a duration, such as duration: 1d"
    return f"write the zone {found[2][:40]} as hours from UTC, such as +01:00, or Z for UTC"
