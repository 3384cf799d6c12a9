"""Arguments and results of transitions."""

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
    """The action of an attempt on a latch: one more, one less, or wait for zero."""

    ACQUIRE = "acquire"
    RELEASE = "release"
    COUNTDOWN = "countdown"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a transition; ``state`` is the workflow's new state, None if unchanged."""

    outcome: Outcome
    workflow: str = ""
    state: WorkflowState | None = None
    reason: str = ""
    ready: tuple[Timer, ...] = ()
    #: Attempts that this process is to run: see ``handing``.
    handed: tuple[StartTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """A bridge's record of a publication: its category and the id of the Celery task.

    ``follows`` says which results end it, if no message does; only who collects results reads it.
    """

    category: str
    task: str
    follows: str = ""


@dataclass(frozen=True, slots=True)
class HeldAttempt:
    """An attempt whose task the process ``holder`` runs itself, under the id ``task``."""

    workflow: str
    field: str
    token: str
    category: str
    task: str
    holder: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt's fields, and those of the event it stands for, None if that is gone."""

    fields: Mapping[bytes, bytes]
    target: Mapping[bytes, bytes] | None


class Swept(NamedTuple):
    """The result of sweeping one page of the stream.

    ``more``: further entries may follow; ``position``: the next page starts there; ``seen`` and
    ``deleted`` count entries.
    """

    more: bool
    position: str
    seen: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Firing:
    """The decision on a ready step: ``run``, ``skip``, ``items`` or ``fail``. JSON texts."""

    action: str
    input: str = json_values.EMPTY
    reason: str = ""
    items: Sequence[str] = ()
