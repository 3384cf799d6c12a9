"""What happens to Celery workers that serve steps themselves."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from random import Random

from redis.exceptions import RedisError

from tests.chaos.world import World
from tests.workers.processes import in_groups

#: Seconds in which a process has to see that its parent is gone: two beats, on a busy machine.
_GONE = 15.0

#: How the command of the process ends that beats for a worker.
_BEATING = "heartbeat_process"


def orphan(world: World, rng: Random, lasting: float) -> None:
    """The main process dies alone; what it started ends by itself."""
    name = rng.choice(world.fleet.names("celery"))
    group = world.fleet.orphan(name)
    deadline = time.monotonic() + _GONE
    world.pause(min(lasting, 4.0))
    while left := [p for p in in_groups({group}) if _BEATING in p.command]:
        if time.monotonic() > deadline:
            world.wrong.append(f"{name} is dead, and a process beats for it: {left}")
            break
        time.sleep(0.2)
    world.fleet.let_go(name)


def kill_heartbeat(world: World, rng: Random, lasting: float) -> None:
    """The process that beats for a worker dies; the worker starts another."""
    beating = [pid for name in world.fleet.names("celery") for pid in _beating(world, name)]
    if beating:
        with suppress(ProcessLookupError):
            os.kill(rng.choice(beating), signal.SIGKILL)


def stop_main(world: World, rng: Random, lasting: float) -> None:
    """The main process stands still, while its children and its heartbeat go on."""
    name = rng.choice(world.fleet.names("celery"))
    world.fleet.signal(name, signal.SIGSTOP)
    world.pause(lasting)
    world.fleet.signal(name, signal.SIGCONT)


def seize_leases(world: World, rng: Random, lasting: float) -> None:
    """Somebody else has all roles for a while, or all find them free at once."""
    keys = world.engine.keys
    for name in ("lifecycle", "receipts"):
        with suppress(RedisError), world.admin() as client:
            if rng.random() < 0.5:
                client.set(keys.role + name, "chaos", px=round(lasting * 1000))
            else:
                client.delete(keys.role + name)


def forget_processes(world: World, rng: Random, lasting: float) -> None:
    """Nobody has ever beaten: all seem dead until their next beat."""
    with suppress(RedisError), world.admin() as client:
        client.delete(world.engine.keys.processes, world.engine.keys.served)


def _beating(world: World, name: str) -> list[int]:
    return world.fleet.children(name, _BEATING)
