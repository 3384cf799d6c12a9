"""What happens to the Redis that has the workflows; nothing that it has persisted is lost."""

from __future__ import annotations

import signal
from contextlib import suppress
from random import Random
from typing import Any

from redis.exceptions import RedisError

from tests.chaos.world import World


def kill(world: World, rng: Random, lasting: float) -> None:
    world.server.kill()
    world.pause(min(lasting, 3.0))
    world.start_server(world.server)


def stop(world: World, rng: Random, lasting: float) -> None:
    """It accepts connections and answers nothing."""
    assert world.server.process is not None
    world.server.process.send_signal(signal.SIGSTOP)
    world.pause(lasting)
    world.server.process.send_signal(signal.SIGCONT)


def flush_scripts(world: World, rng: Random, lasting: float) -> None:
    _order(world, "SCRIPT", "FLUSH")


def kill_clients(world: World, rng: Random, lasting: float) -> None:
    _order(world, "CLIENT", "KILL", "TYPE", "normal")
    _order(world, "CLIENT", "KILL", "TYPE", "pubsub")


def pause_clients(world: World, rng: Random, lasting: float) -> None:
    _order(world, "CLIENT", "PAUSE", round(min(lasting, 4.0) * 1000), rng.choice(("ALL", "WRITE")))


def fill(world: World, rng: Random, lasting: float) -> None:
    """Every command that needs memory is refused."""
    _order(world, "CONFIG", "SET", "maxmemory", "1")
    world.pause(lasting)
    _order(world, "CONFIG", "SET", "maxmemory", "0")


def destroy_group(world: World, rng: Random, lasting: float) -> None:
    groups = _groups(world)
    if groups:
        _order(world, "XGROUP", "DESTROY", world.engine.keys.events, rng.choice(groups))


def delete_consumer(world: World, rng: Random, lasting: float) -> None:
    """An operator deletes a consumer that has work: what it had is acknowledged by nobody."""
    stream = world.engine.keys.events
    for group in _groups(world):
        with suppress(RedisError), world.admin() as client:
            rows: Any = client.xinfo_consumers(stream, group)
            busiest = max(rows, key=lambda row: row["pending"], default=None)
            if busiest:
                client.xgroup_delconsumer(stream, group, busiest["name"])


def delete_stream(world: World, rng: Random, lasting: float) -> None:
    _order(world, "DEL", world.engine.keys.events)


def _groups(world: World) -> list[bytes]:
    with suppress(RedisError), world.admin() as client:
        groups: Any = client.xinfo_groups(world.engine.keys.events)
        return [group["name"] for group in groups]
    return []


def _order(world: World, *command: object) -> object:
    """What an operator types; if there is no answer, it was not heard."""
    with suppress(RedisError), world.admin() as client:
        return client.execute_command(*command)
    return None
