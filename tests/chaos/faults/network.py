"""What happens between a kind of process and its server."""

from __future__ import annotations

from random import Random

from tests.chaos.proxy import Mode
from tests.chaos.world import World


def slow(world: World, rng: Random, lasting: float) -> None:
    _for_a_while(world, rng, Mode.DELAY, lasting)


def silent(world: World, rng: Random, lasting: float) -> None:
    _for_a_while(world, rng, Mode.SILENT, lasting)


def cut(world: World, rng: Random, lasting: float) -> None:
    _for_a_while(world, rng, Mode.CUT, lasting)


def swallow(world: World, rng: Random, lasting: float) -> None:
    _for_a_while(world, rng, Mode.SWALLOW, min(lasting, 2.0))


def _for_a_while(world: World, rng: Random, mode: Mode, seconds: float) -> None:
    proxy = world.proxies[rng.choice(sorted(world.proxies))]
    proxy.set(mode)
    world.pause(seconds)
    proxy.set(Mode.PASS)
