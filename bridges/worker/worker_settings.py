"""The settings of a worker that serves steps, in ``app.conf.littleflow``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.workers.executor.heartbeat import LIFETIME
from littleflow_redis.workers.executor.roles import ROLES

from ..calls.call_options import APP_CONF

#: Seconds that a heartbeat must hold at least: below, a busy machine is taken for dead.
SHORTEST = 1.0


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """``serve``: categories, none for those of the app. ``prefetch``: steps in hand for each slot
    of the pool, None for Celery's own setting. ``lifetime``: seconds that a heartbeat holds.
    """

    serve: Sequence[str] = ()
    roles: Sequence[str] = tuple(ROLES)
    prefetch: int | None = None
    lifetime: float = LIFETIME


def read_worker_settings(app: Celery) -> WorkerSettings:
    """Read and check them. Raises ConfigurationError."""
    given = app.conf.get("littleflow") or {}
    if not isinstance(given, Mapping):
        return WorkerSettings()  # Whoever reads the rest says what is wrong.
    return WorkerSettings(
        serve=_names(given, "serve", ()),
        roles=_roles(_names(given, "roles", tuple(ROLES))),
        prefetch=_prefetch(given.get("prefetch")),
        lifetime=_lifetime(given.get("lifetime", LIFETIME)),
    )


def _names(given: Mapping[str, Any], name: str, default: Sequence[str]) -> Sequence[str]:
    match given.get(name, default):
        case [*names] if all(isinstance(one, str) for one in names):
            return tuple(names)
        case other:
            raise ConfigurationError(f"{APP_CONF}: {name} is {other!r}: set it to a list of names")


def _roles(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if name not in ROLES:
            known = ", ".join(sorted(ROLES))
            raise ConfigurationError(f"{APP_CONF}: there is no role {name!r}: there are {known}")
    return names


def _prefetch(given: Any) -> int | None:
    if given is not None and (not isinstance(given, int) or isinstance(given, bool) or given < 0):
        raise ConfigurationError(f"{APP_CONF}: prefetch is {given!r}: set it to 0 or more")
    return given


def _lifetime(given: Any) -> float:
    if isinstance(given, int | float) and SHORTEST <= given < math.inf:
        return float(given)
    raise ConfigurationError(
        f"{APP_CONF}: lifetime is {given!r}: set it to {SHORTEST:g} seconds or more"
    )
