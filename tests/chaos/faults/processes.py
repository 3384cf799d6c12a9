"""Processes that are killed, stopped, ended, or away."""

from __future__ import annotations

import signal
from random import Random

from tests.chaos.world import World

#: Seconds; longer than any lease: entries are claimed after 5 at most.
BEYOND = 8.0


def kill(world: World, rng: Random, lasting: float) -> None:
    """SIGKILL, with all that it started, as when its machine dies; it is started again."""
    world.fleet.signal(rng.choice(world.fleet.names()), signal.SIGKILL, group=True)


def kill_many(world: World, rng: Random, lasting: float) -> None:
    names = world.fleet.names()
    for name in rng.sample(names, rng.randint(2, len(names))):
        world.fleet.signal(name, signal.SIGKILL, group=True)


def end(world: World, rng: Random, lasting: float) -> None:
    """SIGTERM, as at a deployment."""
    world.fleet.signal(rng.choice(world.fleet.names()), signal.SIGTERM)


def stop(world: World, rng: Random, lasting: float) -> None:
    """SIGSTOP beyond every lease, then it goes on and believes that nothing happened."""
    name = rng.choice(world.fleet.names())
    world.fleet.signal(name, signal.SIGSTOP, group=True)
    world.pause(BEYOND)
    world.fleet.signal(name, signal.SIGCONT, group=True)


def absent(world: World, rng: Random, lasting: float) -> None:
    """All of one kind are gone for a while."""
    names = world.fleet.names(rng.choice(world.fleet.kinds))
    for name in names:
        world.fleet.hold(name)
    world.pause(lasting)
    for name in names:
        world.fleet.let_go(name)
