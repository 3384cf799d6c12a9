"""The settings of a worker that serves steps.

``LITTLEFLOW_SERVE`` and the like in the environment win over ``app.conf.littleflow``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from celery import Celery

from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.language import BadOption, seconds
from littleflow_redis.workers.executor.heartbeat import LIFETIME
from littleflow_redis.workers.executor.roles import ROLES
from littleflow_redis.workers.retention import by_state

from ..broker.terminate_signals import SIGNALS
from ..calls.call_options import APP_CONF

#: Seconds that a heartbeat must hold at least: below, a busy machine is taken for dead.
SHORTEST = 1.0

#: How the variables of the environment begin.
PREFIX = "LITTLEFLOW_"

#: The category of steps without one, where names are a text.
_EMPTY = "''"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """``serve``: categories, none for those of the app. ``prefetch``: steps in hand for each slot
    of the pool, None for Celery's own setting. ``lifetime``: seconds that a heartbeat holds.
    ``retain``: final state → seconds after which such workflows are deleted.
    ``terminate_signal``: ends tasks that run and are not wanted any more, None for none.
    """

    serve: Sequence[str] = ()
    roles: Sequence[str] = tuple(ROLES)
    prefetch: int | None = None
    lifetime: float = LIFETIME
    retain: Mapping[WorkflowState, float] = field(default_factory=dict)
    terminate_signal: str | None = None


def read_worker_settings(app: Celery) -> WorkerSettings:
    """Read and check them. Raises ConfigurationError."""
    given = app.conf.get("littleflow") or {}
    # Whoever reads the rest says what is wrong with what is no table.
    conf = given if isinstance(given, Mapping) else {}

    def read(name: str, check: Callable[[Any], Value], default: Value) -> Value:
        variable = PREFIX + name.upper()
        value, where = os.environ.get(variable), variable
        if not value:
            value, where = conf.get(name), f"{APP_CONF}: {name}"
        try:
            return default if value is None else check(value)
        except BadOption as error:
            raise ConfigurationError(f"{where} is {value!r}: {error}") from error

    return WorkerSettings(
        serve=read("serve", _names, ()),
        roles=read("roles", _roles, tuple(ROLES)),
        prefetch=read("prefetch", _prefetch, None),
        lifetime=read("lifetime", _lifetime, LIFETIME),
        retain=by_state(read("retain", _time, None), read("retain_failed", _time, None)),
        terminate_signal=read("terminate_signal", _signal, None),
    )


def _names(value: Any) -> Sequence[str]:
    if isinstance(value, str):
        names = [name.strip() for name in value.split(",")]
        return tuple("" if name == _EMPTY else name for name in names if name)
    match value:
        case [*names] if all(isinstance(one, str) for one in names):
            return tuple(names)
        case _:
            raise BadOption("set it to a list of names")


def _roles(value: Any) -> Sequence[str]:
    names = _names(value)
    for name in names:
        if name not in ROLES:
            known = ", ".join(sorted(ROLES))
            raise BadOption(f"there is no role {name!r}: there are {known}")
    return names


def _prefetch(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadOption("set it to 0 or more")
    return value


def _time(value: Any) -> float:
    """A time in seconds, as a number or a text such as ``7d``."""
    if isinstance(value, str) and value.replace(".", "", 1).isdecimal():
        value = float(value)
    return seconds(value)


def _lifetime(value: Any) -> float:
    try:
        found = _time(value)
    except BadOption:
        found = math.nan
    if found >= SHORTEST:
        return found
    raise BadOption(f"set it to {SHORTEST:g} seconds or more")


def _signal(value: Any) -> str:
    if value in SIGNALS:
        return str(value)
    raise BadOption(f"set it to one of {', '.join(SIGNALS)}")
