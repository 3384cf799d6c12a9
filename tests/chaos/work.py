"""The tasks of all chaotic workflows: what they return depends on their input alone.

Celery, native and rqse workers run the same ones. Each is given an ``Effects``, which notes what it
does, and whatever the step's input and parameters bind to.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Effects(Protocol):
    """What a task may ask of its surroundings."""

    def first(self) -> bool:
        """Whether this step of this workflow runs for the first time."""

    def mended(self) -> bool:
        """Whether somebody has mended what keeps this workflow from going on."""


class Calm:
    """Surroundings in which nothing goes wrong."""

    def first(self) -> bool:
        return False

    def mended(self) -> bool:
        return True


class Refused(Exception):
    """What tasks fail with on purpose."""


def mix(effects: Effects, *values: Any, seconds: float = 0.0, **named: Any) -> str:
    """A short text in which every bit of the input shows."""
    time.sleep(seconds)
    text = json.dumps([values, named], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def flag(effects: Effects, *values: Any, **named: Any) -> dict[str, Any]:
    return {"mix": mix(effects, *values, **named), "yes": 1}


def split(effects: Effects, *values: Any, n: int, **named: Any) -> list[str]:
    return [f"{mix(effects, *values, **named)}-{number}" for number in range(n)]


def fail_once(effects: Effects, *values: Any, **named: Any) -> str:
    if effects.first():
        raise Refused("the first time, always")
    return mix(effects, *values, **named)


def fail_always(effects: Effects, *values: Any, **named: Any) -> str:
    raise Refused("always")


def fail_until_mended(effects: Effects, *values: Any, **named: Any) -> str:
    if not effects.mended():
        raise Refused("until it is mended")
    return mix(effects, *values, **named)


def die_once(effects: Effects, *values: Any, **named: Any) -> str:
    """Takes its process along, as a segmentation fault does."""
    if effects.first():
        os.kill(os.getpid(), signal.SIGKILL)
    return mix(effects, *values, **named)


def again(effects: Effects, *values: Any, **named: Any) -> str:
    """Is retried by Celery itself: see ``apps/chaosapp.py``."""
    return mix(effects, *values, **named)


TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (mix, flag, split, fail_once, fail_always, fail_until_mended, die_once, again)
}


@dataclass(frozen=True, slots=True)
class Noted:
    """The surroundings of one run of a task: what it does stands in the ledger."""

    ledger: Any
    workflow: str
    step: int
    token: str

    def first(self) -> bool:
        return bool(self.ledger.mark(f"{self.workflow}:{self.step}:ran"))

    def mended(self) -> bool:
        return bool(self.ledger.marked(f"{self.workflow}:mended"))

    def run(self, name: str, *args: Any, **kwargs: Any) -> Any:
        self.ledger.note(self.workflow, self.step, self.token, "begin")
        try:
            output = TASKS[name](self, *args, **kwargs)
        except Refused:
            self.ledger.note(self.workflow, self.step, self.token, "fail")
            raise
        self.ledger.note(self.workflow, self.step, self.token, "end")
        return output


def calm_functions(categories: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    """The same tasks as plain functions, for a run without any disturbance."""

    def plain(task: Callable[..., Any]) -> Callable[..., Any]:
        def function(*args: Any, seconds: float = 0.0, **kwargs: Any) -> Any:
            return task(Calm(), *args, **kwargs)

        return function

    return {f"{c}:{name}": plain(task) for c in categories for name, task in TASKS.items()}
