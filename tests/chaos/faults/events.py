"""Events that come twice, late, for others, or from nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

import redis
from redis.exceptions import RedisError

from tests.chaos.world import World

#: Seconds between two looks at the stream.
_LOOK = 0.1

Fields = dict[bytes, bytes]


def double(world: World, rng: Random, lasting: float) -> None:
    """Every event is written once more, in another order and later than the first."""
    held: list[Fields] = []
    for client, fields in _seen(world, lasting):
        held.append(fields)
        if len(held) > 20:
            rng.shuffle(held)
            while held:
                _write(client, world, held.pop())
    for fields in held:
        with suppress(RedisError), world.admin() as client:
            _write(client, world, fields)


def forge(world: World, rng: Random, lasting: float) -> None:
    """Ends with tokens of other starts, of attempts to come, and of workflows that never were."""
    for client, fields in _seen(world, lasting):
        if fields.get(b"kind") not in (b'"end-task"', b'"start-task"') or b"token" not in fields:
            continue
        token = fields[b"token"].decode().strip('"')
        activation, _, rest = token.partition(".")
        forged = rng.choice(
            [
                {b"token": f'"{token}x"'.encode()},
                {b"token": f'"{int(activation) + 1}.{rest}"'.encode()},
                {b"workflow": b'"workflow:nobody-knows-it"'},
                {b"index": b"9999"},
                {b"index": b'"not a number"'},
            ]
        )
        end = {b"kind": b'"end-task"', b"output": b'"forged"', **forged}
        _write(client, world, fields | end)


def _seen(world: World, lasting: float) -> Iterator[tuple[redis.Redis, Fields]]:
    """What is written to the stream meanwhile."""
    until, last = time.monotonic() + lasting, "$"
    with world.admin() as client:
        while time.monotonic() < until and not world.calm.is_set():
            try:
                pages: Any = client.xread({world.engine.keys.events: last}, count=50, block=100)
            except RedisError:
                world.pause(_LOOK)
                continue
            for id, fields in pages[0][1] if pages else ():
                last = id
                yield client, fields
            if pages and last != "$":
                # What was written meanwhile is our own.
                last = "$"


def _write(client: redis.Redis, world: World, fields: Any) -> None:
    with suppress(RedisError):
        client.xadd(world.engine.keys.events, fields)
