"""What transitions are given and what they report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from . import json_values
from .states import Outcome, WorkflowState
from .task_events import StartTask
from .timers import Timer


class LatchAction(StrEnum):
    """What an attempt does to a latch: one more, one less, or wait for zero."""

    ACQUIRE = "acquire"
    RELEASE = "release"
    COUNTDOWN = "countdown"


@dataclass(frozen=True, slots=True)
class Report:
    """What a transition did. ``state`` is the workflow's new state, None if it did not change."""

    outcome: Outcome
    workflow: str = ""
    state: WorkflowState | None = None
    reason: str = ""
    ready: tuple[Timer, ...] = ()
    #: What this process is to run: see ``handing``.
    handed: tuple[StartTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """Where a bridge records what it publishes: its category and the id of the Celery task.

    ``follows`` says, for bridges alone, which tasks stand for one that was not sent.
    """

    category: str
    task: str
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt's fields, and those of the event it stands for, None if that is gone."""

    fields: Mapping[bytes, bytes]
    target: Mapping[bytes, bytes] | None


class Swept(NamedTuple):
    """What sweeping some entries of the stream gave: whether ``more`` may follow, the position to
    go on from, how many were seen and deleted.
    """

    more: bool
    position: str
    seen: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Firing:
    """How a ready step goes on: ``run``, ``skip``, ``items`` or ``fail``. JSON texts."""

    action: str
    input: str = json_values.EMPTY
    reason: str = ""
    items: Sequence[str] = ()
