"""What lies in Redis: bytes per workflow, step and timer, and what a step costs beside many others.

``python -m benchmarks.memory [ALIVE…]``, by default beside 1, 1,000 and 10,000 workflows that wait;
100,000 need 0.5 GB and some minutes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.cputime import seconds_of
from benchmarks.flows import chain
from benchmarks.ours import LOOK, SETTLED, Engine, native
from littleflow_redis import Flow, compile_text

#: Workflows of which the bytes of one are told, and chains measured beside those that wait.
COUNT = 100

#: Steps of these chains.
STEPS = 5

#: Numbers of workflows alive.
ALIVE = (1, 1_000, 10_000)


def main(alive: Sequence[int]) -> None:
    """Print what one takes, and a table of what many do."""
    with native() as engine:
        one, eleven = (_bytes(engine, partial(_run, engine, n)) for n in (1, 11))
        print(f"finished, of one step: {one:.0f} bytes; per further step {(eleven - one) / 10:.0f}")
        one, eleven = (_bytes(engine, partial(_wait, engine, n)) for n in (1, 11))
        print(f"waiting, one timer: {one:.0f} bytes; per further timer {(eleven - one) / 10:.0f}")
    with native() as engine:
        print("| workflows alive | µs of processor time per step | the server's | bytes of each |")
        print("|---:|---:|---:|---:|", flush=True)
        there, bytes_ = 0, 0
        for count in alive:
            before = _used(engine)
            _wait(engine, 1, count - there)
            there, bytes_ = count, bytes_ + _used(engine) - before
            all_, server = _cost(engine)
            print(f"| {count:,} | {all_:.0f} | {server:.0f} | {bytes_ / count:.0f} |", flush=True)


def waiting(timers: int) -> Flow:
    """A flow that waits for so many timers, a month each."""
    return compile_text(f"{{ {' '.join(['wait:delay(- duration: 30d -)'] * timers)} }}")


def _bytes(engine: Engine, work: Callable[[], object]) -> float:
    """Bytes of one of COUNT workflows that this leaves."""
    before = _used(engine)
    work()
    engine.settle()
    return (_used(engine) - before) / COUNT


def _used(engine: Engine) -> int:
    info: Any = engine.client.redis.info("memory")
    return int(info["used_memory"])


def _run(engine: Engine, steps: int) -> None:
    flow = chain(steps)
    for id in [engine.client.start(flow, input=1) for _ in range(COUNT)]:
        engine.client.wait(id, timeout=120)


def _wait(engine: Engine, timers: int, count: int = COUNT) -> None:
    """Leave workflows that wait for so many timers; a timer is there when its step was taken up."""
    client, flow = engine.client, waiting(timers)
    wanted = client.redis.zcard(client.keys.timers) + count * timers
    for _ in range(count):
        client.start(flow)
    while client.redis.zcard(client.keys.timers) < wanted:
        time.sleep(LOOK)
    # The sweeping of so many entries is no cost of what is measured next.
    while client.redis.xlen(client.keys.events) > SETTLED:
        time.sleep(LOOK)


def _cost(engine: Engine) -> tuple[float, float]:
    """µs of processor time per step, of all processes and of the server."""
    pids = [process.process.pid for process in engine.processes]
    server = engine.server.running.process.pid
    before, server_before = sum(map(seconds_of, pids)), seconds_of(server)
    _run(engine, STEPS)
    per_step = 1e6 / (COUNT * STEPS)
    return (
        (sum(map(seconds_of, pids)) - before) * per_step,
        (seconds_of(server) - server_before) * per_step,
    )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or ALIVE)
