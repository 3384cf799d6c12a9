"""What lies in Redis: bytes per workflow, step and timer, and what a step costs beside many others.

``python -m benchmarks.memory [ALIVE…]``, by default beside 1, 1,000 and 10,000 workflows that wait;
100,000 need 0.5 GB and some minutes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from benchmarks.cputime import seconds_of
from benchmarks.flows import chain
from benchmarks.ours import LOOK, SETTLED, Engine, native
from littleflow_redis import Flow, compile_text

#: Workflows of which the bytes of one are told, and chains measured beside those that wait.
COUNT = 100

#: Steps of these chains.
STEPS = 5

#: Seconds over which is is measured what is spent anyway; janitor and reconciliation come by in it.
IDLE = 10.0

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
        print("| workflows alive | µs per step | the server's | idle, of a core | bytes of each |")
        print("|---:|---:|---:|---:|---:|", flush=True)
        there, bytes_ = 0, 0
        for count in alive:
            before = _used(engine)
            _wait(engine, 1, count - there)
            there, bytes_ = count, bytes_ + _used(engine) - before
            all_, server, idle = _cost(engine)
            print(
                f"| {count:,} | {all_:.0f} | {server:.0f} | {idle:.2%} | {bytes_ / count:.0f} |",
                flush=True,
            )


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
    # The start-task of what waits stays. The sweeping of all else is no cost of what follows.
    while client.redis.xlen(client.keys.events) > wanted + SETTLED:
        time.sleep(LOOK)


def _cost(engine: Engine) -> tuple[float, float, float]:
    """µs of processor time per step beyond what is spent anyway: of all processes, and of the
    server; and what all spend anyway, as a part of a core.
    """
    idle = _spent(engine, lambda: time.sleep(IDLE))
    busy = _spent(engine, lambda: _run(engine, STEPS))
    per_step = 1e6 / (COUNT * STEPS)
    all_, server = (
        (used - before / idle.seconds * busy.seconds) * per_step
        for used, before in ((busy.all, idle.all), (busy.server, idle.server))
    )
    return all_, server, idle.all / idle.seconds


class Spent(NamedTuple):
    """Seconds that something took, and of the processors meanwhile."""

    seconds: float
    all: float
    server: float


def _spent(engine: Engine, work: Callable[[], object]) -> Spent:
    pids = [process.process.pid for process in engine.processes]

    def now() -> Spent:
        server = seconds_of(engine.server.running.process.pid)
        return Spent(time.monotonic(), sum(map(seconds_of, pids)), server)

    before = now()
    work()
    return Spent(*(after - then for after, then in zip(now(), before, strict=True)))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or ALIVE)
