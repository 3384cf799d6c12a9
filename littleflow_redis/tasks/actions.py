"""The actions that a built-in task may ask of the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from littleflow_redis.engine.model.script_results import LatchAction
from littleflow_redis.engine.store.mailbox import EventWait

#: The fields of an end-task event: it is over at once.
Fields: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sleep:
    """End with the input as output after ``ms``, or ``until`` a time in ms since 1970."""

    ms: int | None = None
    until: int = 0


@dataclass(frozen=True, slots=True)
class Latch:
    """Count the latch ``name`` up or down, or wait until it is at zero; the output is the input."""

    action: LatchAction
    name: str


Todo: TypeAlias = Fields | Sleep | Latch | EventWait
