"""At rest nothing is left: nothing pending, open, in flight or due; then no key of a workflow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.workers.executor.roles import ROLES
from tests.support import wait_until

from .world import World

#: Entries that may lie in the stream of an idle system: the newest, not swept yet.
NEAR_EMPTY = 50

#: Seconds until the last sweep, claim and prune have been.
PATIENCE = 60.0

#: What stays: the mailbox has events that were sent twice, and nobody waits for.
_KEPT = ("workflows:mail", "workflows:letters", "workflows:kind:")


def left_behind(world: World) -> list[str]:
    """What an idle system still has and should not."""
    engine, redis = world.engine, world.engine.redis
    rows: list[tuple[str, int]] = [
        ("timers", redis.zcard(engine.keys.timers)),
        ("open attempts", redis.hlen(engine.keys.open_attempts)),
        ("flights", redis.hlen(engine.keys.publications + "c")),
        ("workflows in progress", redis.scard(engine.keys.running)),
        ("latches", len(list(redis.scan_iter("workflow:latch:*")))),
        ("entries of the stream", max(0, redis.xlen(engine.keys.events) - NEAR_EMPTY)),
    ]
    groups: Any = redis.xinfo_groups(engine.keys.events)
    rows += [(f"pending in {group['name'].decode()}", group["pending"]) for group in groups]
    # The name of one has the host, the id of its process, and a random part.
    known = [name.split("-")[-2] for name in HeldAttempts(engine.context).registered()]
    rows.append(("dead processes", len([p for p in known if int(p) not in world.fleet.pids])))
    return [f"{number} {what}" for what, number in rows if number]


def wait_for_rest(world: World) -> None:
    """Fail with what is left if the system does not come to rest."""

    def at_rest() -> bool:
        left = world.patiently(lambda: left_behind(world))
        assert not left, left
        return True

    wait_until(at_rest, "nothing is left", PATIENCE)


def delete_all(world: World, ids: Iterable[str]) -> None:
    """Delete all workflows; fail with the keys that are left."""
    for id in ids:
        world.engine.delete(id)
    keys = [key.decode() for key in world.engine.redis.scan_iter("workflow*", count=1000)]
    kept = {world.engine.keys.events, world.engine.keys.changes, world.engine.keys.counts}
    kept |= {world.engine.keys.dead, world.engine.keys.defaults, world.engine.keys.receipted}
    kept |= {world.engine.keys.deleted, world.engine.keys.begun}
    # Of processes that live, and serve.
    kept |= {world.engine.keys.processes, world.engine.keys.served}
    kept |= {world.engine.keys.role + name for name in ROLES}
    left = [key for key in keys if key not in kept and not key.startswith(_KEPT)]
    assert not left, f"keys left behind: {left[:20]}"
