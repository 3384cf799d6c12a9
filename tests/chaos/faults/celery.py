"""What happens on Celery's side: workers, broker, results."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from random import Random

import redis
from redis.exceptions import RedisError

from tests.chaos.world import World


def kill_child(world: World, rng: Random, lasting: float) -> None:
    """A process of the pool dies, as a task takes it along."""
    names = world.fleet.names("celery")
    children = [pid for name in names for pid in world.fleet.children(name, "celery")]
    if children:
        with suppress(ProcessLookupError):
            os.kill(rng.choice(children), signal.SIGKILL)


def warm(world: World, rng: Random, lasting: float) -> None:
    world.fleet.signal(rng.choice(world.fleet.names("celery")), signal.SIGTERM)


def cold(world: World, rng: Random, lasting: float) -> None:
    world.fleet.signal(rng.choice(world.fleet.names("celery")), signal.SIGQUIT)


def kill_broker(world: World, rng: Random, lasting: float) -> None:
    world.broker.kill()
    world.pause(min(lasting, 4.0))
    world.start_server(world.broker)


def lose_results(world: World, rng: Random, lasting: float) -> None:
    """Results expire, or somebody empties the backend."""
    broker = world.broker
    with suppress(RedisError), redis.Redis(broker.host, broker.port, 2, socket_timeout=5) as client:
        client.flushdb()
