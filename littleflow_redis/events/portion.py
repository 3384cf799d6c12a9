"""Portions of a backlog, so that no reply is larger than a process can bear."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from .connection import ConfigurationError

#: Bytes that one reply should hold at most; a single thing that is larger comes alone. The
#: environment's ``LITTLEFLOW_READ_BUDGET`` overrides it.
BUDGET = 32 * 1024 * 1024

_SETTING = "LITTLEFLOW_READ_BUDGET"

#: Things asked for at first: a process that has died of a backlog meets the same one again.
FIRST = 8

#: How much of the largest size is remembered from one portion to the next.
_MEMORY = 63 / 64


class Portion:
    """Counts things of unknown size into portions of about ``budget`` bytes, by default `BUDGET`.

    The first is of ``first`` things. A portion doubles each time, up to what fits judged by the
    largest that were seen of late. Raises ConfigurationError if the environment's budget is none.
    """

    def __init__(self, budget: int | None = None, first: int = FIRST) -> None:
        self._budget = budget or _budget()
        self._fitting = first
        self._largest = 1

    def of(self, wanted: int) -> int:
        """How many of those wanted to ask for: at least one."""
        return max(1, min(wanted, self._fitting))

    def seen(self, sizes: Iterable[int]) -> None:
        """Note the sizes, in bytes, of those that came."""
        largest = max(sizes, default=None)
        if largest is not None:
            # What was large a moment ago may come again.
            self._largest = max(largest, int(self._largest * _MEMORY), 1)
            self._fitting = max(1, min(2 * self._fitting, self._budget // self._largest))


class ByteRoom:
    """Room for as many bytes as the budget of the environment, or `BUDGET`. Any thread may call it.

    Raises ConfigurationError as `Portion` does.
    """

    def __init__(self) -> None:
        self._free = self._all = _budget()
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes; False if they do not fit beside others."""
        with self._lock:
            fits = size <= self._free or self._free == self._all
            self._free -= size if fits else 0
            return fits

    def give(self, size: int) -> None:
        """Give them back."""
        with self._lock:
            self._free += size


def _budget() -> int:
    text = os.environ.get(_SETTING) or str(BUDGET)
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ConfigurationError(f"{_SETTING} is {text!r}: set it to a number of bytes")
    return int(text)
