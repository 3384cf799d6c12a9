"""What lies in Redis: bytes per workflow and per step, and what a step costs beside many others.

``python -m benchmarks.memory [ALIVE…]``, by default beside 1, 1,000 and 10,000 workflows that wait.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.cputime import seconds_of
from benchmarks.flows import chain
from benchmarks.ours import Engine, native
from littleflow_redis import compile_text

#: Chains measured beside those that wait, and their steps.
CHAINS, STEPS = 100, 5

#: Numbers of workflows alive.
ALIVE = (1, 1_000, 10_000)


def main(alive: Sequence[int]) -> None:
    """Print a table."""
    with native() as engine:
        one, six = (_bytes(engine, steps) for steps in (1, 6))
        print(f"finished, of one step: {one:.0f} bytes; per further step {(six - one) / 5:.0f}")
        print("| workflows alive | µs of processor time per step | bytes per waiting workflow |")
        print("|---:|---:|---:|")
        waiting = compile_text("wait:delay(- duration: 30d -)")
        there, before = 0, _used(engine)
        for count in alive:
            for _ in range(count - there):
                engine.client.start(waiting)
            there = count
            used = (_used(engine) - before) / count
            print(f"| {count:,} | {_cost(engine):.0f} | {used:.0f} |")


def _bytes(engine: Engine, steps: int) -> float:
    before = _used(engine)
    _run(engine, steps)
    return (_used(engine) - before) / CHAINS


def _used(engine: Engine) -> int:
    info: Any = engine.client.redis.info("memory")
    return int(info["used_memory"])


def _run(engine: Engine, steps: int) -> None:
    flow = chain(steps)
    for id in [engine.client.start(flow, input=1) for _ in range(CHAINS)]:
        engine.client.wait(id, timeout=120)


def _cost(engine: Engine) -> float:
    pids = [process.process.pid for process in engine.processes]
    before = sum(map(seconds_of, pids))
    _run(engine, STEPS)
    return (sum(map(seconds_of, pids)) - before) / (CHAINS * STEPS) * 1e6


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or ALIVE)
