"""The ways in which a workflow can be large: wide, deep, a loop, a list of items."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cache
from itertools import repeat

from benchmarks import flows
from benchmarks.ours import LOOK, PATIENCE, Engine, WrongOutcome
from littleflow_redis import Flow, compile_text

#: Runs one workflow of so many steps to its end and returns how many steps were done.
Shape = Callable[[Engine, int], int]


def width(engine: Engine, size: int) -> int:
    """So many steps side by side, and one that joins them."""
    engine.run(fan_out(size), 1, size)
    return size + 1


def depth(engine: Engine, size: int) -> int:
    """So many steps one after the other."""
    engine.run(chain(size), 1)
    return size


def loop(engine: Engine, size: int) -> int:
    """One step, so many times: ``noop → :start``, which never ends and is terminated."""
    client = engine.client
    id, began = client.start(rounds(), input=1), time.perf_counter()
    while client.state(id).steps[1].activations < size:
        # A look costs the server something, so there are few.
        time.sleep(min(size * 1e-4, 0.1))
        if time.perf_counter() - began > PATIENCE:
            raise WrongOutcome(f"a loop made no {size} rounds in {PATIENCE:g} s")
    client.terminate(id)
    client.terminate(id)
    while engine.client.redis.scard(engine.client.keys.running):
        time.sleep(LOOK)
    return client.state(id).steps[1].activations


def items(engine: Engine, size: int) -> int:
    """One step, for each item of a list that long."""
    client = engine.client
    output = client.wait(client.start(each(), input=list(repeat(1, size))), timeout=PATIENCE)
    if output != [1] * size:
        raise WrongOutcome(f"{size} items gave {len(output)} outputs")
    return size


SHAPES: Mapping[str, Shape] = {"width": width, "depth": depth, "loop": loop, "items": items}


@cache
def fan_out(size: int) -> Flow:
    return flows.fan_out(size)


@cache
def chain(size: int) -> Flow:
    return flows.chain(size)


@cache
def rounds() -> Flow:
    return compile_text("bench:noop → :start")


@cache
def each() -> Flow:
    return compile_text("* bench:noop(- {$concurrency: 10000} -)")
