"""How long one waits: ``python -m benchmarks.latency``.

A task that only notes the time makes a chain: what lies between two notes is the whole way from the
end of one task to the start of the next. Times are of one machine's clock.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import click

from benchmarks.cputime import seconds_of
from benchmarks.flows import chain
from benchmarks.ours import LOOK, PATIENCE, Engine, Setup, inside, native, with_celery

#: What serves the steps.
SETUPS: Mapping[str, Setup] = {
    "native listener": native,
    "inside the Celery worker": inside,
    "Celery, `worker` and `bridge`": with_celery,
}

#: Steps of a chain, and of one beside a load, where each takes much longer.
STEPS, LOADED = 50, 10

#: Loops that keep the engine busy meanwhile in the loaded case.
LOAD = 50

#: Workflows of one step, for what lies before and behind them.
SINGLE = 50

#: Seconds over which the idle cost is measured.
IDLE = 10.0

#: A step that notes the time.
_STAMP = "bench:stamp(- {$bind: whole} -)"


@click.command()
@click.option("--setup", type=click.Choice([*SETUPS]), multiple=True, default=[*SETUPS])
@click.option("--runs", type=click.IntRange(1), default=10, show_default=True)
def main(setup: tuple[str, ...], runs: int) -> None:
    """Print a table of latencies in ms, and of the idle cost of all processes together.

    The goals: from the end of a task to the start of the next 1.5 ms natively (p50), and 1 % of a
    core when idle.
    """
    click.echo("| served by | | p50 ms | p99 ms |\n|---|---|---:|---:|")
    for name in setup:
        with SETUPS[name]() as engine:
            for what, times in _measure(engine, runs).items():
                click.echo(f"| {name} | {what} | {_part(times, 0.5)} | {_part(times, 0.99)} |")
            click.echo(f"| {name} | idle: {_idle(engine):.2%} of a core, all processes | | |")


def _measure(engine: Engine, runs: int) -> dict[str, list[float]]:
    first, last = _ends(engine, SINGLE)
    steps = _steps(engine, STEPS, runs)
    with _load(engine):
        busy = _steps(engine, LOADED, runs)
    return {
        "end of a task → start of the next, idle": steps,
        f"the same beside {LOAD} loops": busy,
        "`start` → the first task begins": first,
        "the last task ends → `wait` returns": last,
    }


def _steps(engine: Engine, steps: int, runs: int) -> list[float]:
    """Seconds from each note to the next, the first of each chain aside."""
    flow, found = chain(steps, _STAMP), []
    for _ in range(runs):
        noted: Sequence[float] = engine.client.wait(engine.client.start(flow), timeout=PATIENCE)
        found += [after - before for before, after in pairwise(noted)]
    return found


def _ends(engine: Engine, runs: int) -> tuple[list[float], list[float]]:
    """Seconds before the only step of a workflow, and behind it."""
    flow, first, last = chain(1, _STAMP), [], []
    for _ in range(runs):
        began = time.time()
        (noted,) = engine.client.wait(engine.client.start(flow), timeout=PATIENCE)
        last.append(time.time() - noted)
        first.append(noted - began)
    return first, last


@contextmanager
def _load(engine: Engine) -> Iterator[None]:
    """Loops that go on for as long as it is open."""
    client = engine.client
    ids = [client.start("bench:noop → :start", input=1) for _ in range(LOAD)]
    yield
    # What is said twice is done at once.
    for id in [*ids, *ids]:
        client.terminate(id)
    while client.redis.scard(client.keys.running):
        time.sleep(LOOK)


def _idle(engine: Engine) -> float:
    """Part of a core that all processes need while nothing runs."""
    pids = [process.process.pid for process in engine.processes if process.name != "celery"]
    before = sum(map(seconds_of, pids))
    time.sleep(IDLE)
    return (sum(map(seconds_of, pids)) - before) / IDLE


def _part(times: Sequence[float], part: float) -> str:
    ordered: Any = sorted(times)
    value = statistics.median(ordered) if part == 0.5 else ordered[int(part * (len(ordered) - 1))]
    return f"{value * 1000:.2f}"


if __name__ == "__main__":
    main()
