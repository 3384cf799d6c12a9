"""The records that a local run keeps of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from littleflow_redis.language import Step

#: The iteration items that a step runs under, outermost first.
Scope = tuple[int, ...]


class Stopped(Exception):
    """The flow failed at ``step``, None if it stalled; the message is the engine's reason."""

    def __init__(self, reason: str, step: Step | None = None) -> None:
        super().__init__(reason)
        self.step = step


class LocalPlace(NamedTuple):
    """A step, by index, under a scope."""

    step: int
    scope: Scope


class LocalAttempt(NamedTuple):
    """A task that waits to be run; ``input`` is JSON text, ``number`` counts from 1."""

    place: LocalPlace
    activation: int
    number: int
    input: str


@dataclass(slots=True)
class LocalStep:
    """The record of a step under a scope."""

    tokens: int = 0
    backs: int = 0
    activations: int = 0
    open: int = 0
    ready: bool = False
    #: The iteration in progress: JSON texts of its items, and counts of started and ended ones.
    items: Sequence[str] = field(default=())
    started: int = 0
    done: int = 0
