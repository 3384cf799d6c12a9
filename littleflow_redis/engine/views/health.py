"""The engine's health: consumer groups, bridges, timers, dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from ..model.timestamps import optional_time
from ..store.contracts import ReadGroups
from ..store.keys import Keys
from ..store.script_loader import scripts_for

#: Entries that a group has still to read are counted up to here.
MOST_LAG = 1000

#: Entries of the stream among which the oldest waiting task is looked for.
LOOKED_AT = 500

#: The consumer group of all lifecycle workers; `worker --group` overrides it.
LIFECYCLE = "ending"

#: First parts of the names of the groups of bridges and of listeners; a colon and the category
#: follow. Such a group takes whatever is of its category before it acknowledges it.
BRIDGE, LISTENER = "bridge", "tasks"

#: First part of those of workers that run steps themselves; category and queue follow.
STEPS = "steps"

#: The groups of `receipts` and of `simulate`, as upstream names them.
RECEIPTS, SIMULATE = "__receipt__", "starting"

_BRIDGE = BRIDGE + ":"


@dataclass(frozen=True, slots=True)
class GroupHealth:
    """A consumer group of the stream: ``pending`` entries were read and not acknowledged, ``lag``
    entries are still to be read, counted up to MOST_LAG.
    """

    name: str
    consumers: int
    pending: int
    lag: int


@dataclass(frozen=True, slots=True)
class BridgeHealth:
    """The tasks that bridges of a category have published and whose end has not come."""

    category: str
    in_flight: int


@dataclass(frozen=True, slots=True)
class Health:
    """``timers`` are those that are armed, due or not; ``dead`` counts the dead letters.

    ``oldest``: when the oldest task was emitted that no worker has read. It is None if none waits
    among the first LOOKED_AT entries of the stream.
    """

    groups: Sequence[GroupHealth]
    bridges: Sequence[BridgeHealth]
    stream_length: int
    timers: int
    dead: int
    oldest: datetime | None


def read_health(client: redis.Redis, keys: Keys) -> Health:
    """All of it, in two round trips."""
    args = ReadGroups(most=MOST_LAG, looked_at=LOOKED_AT)
    length, oldest, *flat = scripts_for(keys).run(client, args, keys.events)
    found = [
        GroupHealth(name.decode(), int(consumers), int(pending), int(lag))
        for name, consumers, pending, lag in zip(*[iter(flat)] * 4, strict=True)
    ]
    categories = [g.name.removeprefix(_BRIDGE) for g in found if g.name.startswith(_BRIDGE)]
    with client.pipeline(transaction=False) as pipe:
        pipe.zcard(keys.timers)
        pipe.xlen(keys.dead)
        for category in categories:
            pipe.hlen(keys.publications + category)
        timers, dead, *in_flight = pipe.execute()
    bridges = [BridgeHealth(*pair) for pair in zip(categories, in_flight, strict=True)]
    return Health(found, bridges, int(length), timers, dead, optional_time(oldest))


def counts(client: redis.Redis, keys: Keys) -> dict[str, int]:
    """The counters since ever: see ``metrics``."""
    found: Any = client.hgetall(keys.counts)
    return {name.decode("utf-8", "replace"): int(number) for name, number in found.items()}
