"""The parameters that start with `$`: for the engine, never for the task."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from .errors import close_match
from .flow import Json

#: Seconds of the longest wait of a step: ten years, so that sums stay exact.
LONGEST_SECONDS = 10 * 366 * 86_400
#: Retries of one step; a higher number is a slip, or wants a loop.
MOST_RETRIES = 10_000
#: Open activations that a step may be allowed.
MOST_CONCURRENCY = 100_000

#: Characters of a name that goes to a broker: AMQP has room for so many bytes.
LONGEST_NAME = 255

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_PART = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(ms|s|m|h|d)(?![a-z])")

Reader: TypeAlias = Callable[[Json], Json]


class BadOption(ValueError):
    """An option with a value that it cannot have; ``hint`` may name a better one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def seconds(value: Json) -> int | float:
    """A time in seconds: a number, or text such as ``1h30m``, ``90s`` or ``500ms``."""
    if isinstance(value, str):
        value = _seconds_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadOption("needs a time: seconds, or text such as 90s, 1h30m or 500ms")
    if not 0 <= value <= LONGEST_SECONDS:
        raise BadOption(f"needs a time between 0 and {LONGEST_SECONDS} seconds")
    return int(value) if value == int(value) else value


def _seconds_of(text: str) -> float | None:
    position, total = 0, 0.0
    while found := _PART.match(text, position):
        total += float(found[1]) * _UNITS[found[2]]
        position = found.end()
    return round(total, 6) if position and not text[position:].strip() else None


def _positive_seconds(value: Json) -> Json:
    found = seconds(value)
    if found == 0:
        raise BadOption("needs a time above 0; leave it out for no bound")
    return found


def _whole(least: int, most: int) -> Reader:
    def read(value: Json) -> Json:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise BadOption(f"needs a whole number between {least} and {most}")
        return value

    return read


def _one_of(*words: str) -> Reader:
    def read(value: Json) -> Json:
        if value not in words:
            hint = close_match(value, words) if isinstance(value, str) else ""
            raise BadOption(f"needs one of {', '.join(words)}", hint)
        return value

    return read


def _factor(value: Json) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 1000:
        raise BadOption("needs a number between 1 and 1000")
    return value


def _jitter(value: Json) -> Json:
    if isinstance(value, bool):
        return value
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadOption("needs true, false or the part of the delay that is random, 0 to 1")
    return value


def _names(value: Json) -> Json:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise BadOption("needs the name of an exception, or a list of names")
    return names


def _retry(value: Json) -> Json:
    if not isinstance(value, Mapping):
        return {"limit": _RETRY["limit"](value)}
    if "limit" not in value:
        raise BadOption("needs limit, the number of retries")
    return _read(value, _RETRY)


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise BadOption("needs an object")
    return value


def _text(value: Json) -> Json:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise BadOption(f"needs text of at most {LONGEST_NAME} characters")
    return value


def _serializer(value: Json) -> Json:
    name = _text(value)
    if name in _PICKLES:
        raise BadOption("cannot be pickle: it runs any code where it is read", "use json")
    return name


def _headers(value: Json) -> Json:
    headers = _object(value)
    for name in headers:
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
            raise BadOption(f"needs names of at most {LONGEST_NAME} characters")
        if name in _CELERY_S_OWN:
            raise BadOption(f"cannot have {name}: Celery or the bridge writes it")
    return headers


def _celery(value: Json) -> Json:
    given = _object(value)
    for name in given:
        if name in _NOT_FOR_CELERY:
            raise BadOption(f"cannot have {name}", _NOT_FOR_CELERY[name])
    return _read(given, _CELERY)


_RETRY: Mapping[str, Reader] = {
    "limit": _whole(0, MOST_RETRIES),
    "delay": seconds,
    "backoff": _factor,
    "max-delay": seconds,
    "jitter": _jitter,
    "on": _names,
    "except": _names,
}

_PICKLES = ("pickle", "application/x-python-serialize")

#: Headers of Celery's message protocol, and the one by which a task learns which attempt it is.
_CELERY_S_OWN = frozenset(
    """lang task id shadow eta expires group group_index retries timelimit root_id parent_id
    argsrepr kwargsrepr origin ignore_result replaced_task_nesting stamped_headers stamps
    compression redelivered littleflow""".split()  # noqa: SIM905
)

#: Options of ``apply_async`` that are set elsewhere here.
_NOT_FOR_CELERY = dict.fromkeys(
    ("eta", "countdown"), "put wait:delay(- duration: 10m -) before the step"
) | {
    "time_limit": "use $timeout, or set it on the task",
    "soft_time_limit": "use $timeout, or set it on the task",
    "retry": "use $retry",
}

_CELERY: Mapping[str, Reader] = {
    "queue": _text,
    "priority": _whole(0, 255),
    "expires": _positive_seconds,
    "headers": _headers,
    "serializer": _serializer,
}

OPTIONS: Mapping[str, Reader] = {
    "$retry": _retry,
    "$timeout": _positive_seconds,
    "$queue-timeout": _positive_seconds,
    "$bind": _one_of("auto", "whole", "spread", "none"),
    "$concurrency": _whole(1, MOST_CONCURRENCY),
    "$celery": _celery,
    "$on-failure": _one_of("continue"),
    "$on-lost": _one_of("retry", "fail"),
}

#: Options of a subflow; its inner steps have the rest.
SUBFLOW_OPTIONS = frozenset({"$concurrency"})


def split_options(value: Json) -> tuple[Json, dict[str, Json]]:
    """Parameters as written → those for the task, and the options for the engine, checked.

    Raises:
        BadOption: an option is unknown, or its value does not fit; the message names it.
    """
    if not isinstance(value, Mapping) or not any(key.startswith("$") for key in value):
        return value, {}
    plain = {key: item for key, item in value.items() if not key.startswith("$")}
    given = {key: item for key, item in value.items() if key.startswith("$")}
    return plain, read_options(given)


def read_options(given: Mapping[str, Json]) -> dict[str, Json]:
    """Options with their values checked and times in seconds; reading them again changes nothing.

    Raises:
        BadOption: an option is unknown, or its value does not fit; the message names it.
    """
    return _read(given, OPTIONS)


def _read(given: Mapping[str, Json], readers: Mapping[str, Reader]) -> dict[str, Json]:
    made = {}
    for key, value in given.items():
        reader = readers.get(key)
        if reader is None:
            hint = close_match(key, readers) or f"there are: {', '.join(readers)}"
            raise BadOption(f"{key[:40]} is unknown", hint)
        try:
            made[key] = reader(value)
        except BadOption as error:
            raise BadOption(f"{key} {error}", error.hint) from error
    return made
