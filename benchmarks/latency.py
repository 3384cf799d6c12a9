"""How long one waits: ``python -m benchmarks.latency``.

A task that only notes the time makes a chain: what lies between two notes is the whole way from the
end of one task to the start of the next. Times are of one machine's clock.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any

import click

from benchmarks.cputime import seconds_of
from benchmarks.flows import chain
from benchmarks.ours import Engine, combined, native, with_celery
from littleflow_redis import Flow

#: What serves the steps.
SETUPS: Mapping[str, Callable[[], AbstractContextManager[Engine]]] = {
    "native listener": native,
    "Celery, `worker -A`": combined,
    "Celery, `worker` and `bridge`": with_celery,
}

#: Steps of a chain, and chains that keep the engine busy meanwhile in the loaded case.
STEPS, LOAD = 50, 50

#: Seconds over which the idle cost is measured.
IDLE = 10.0


@click.command()
@click.option("--setup", type=click.Choice([*SETUPS]), multiple=True, default=[*SETUPS])
@click.option("--runs", type=click.IntRange(1), default=10, show_default=True)
def main(setup: tuple[str, ...], runs: int) -> None:
    """Print a table of latencies in ms, and of the idle cost of all processes together."""
    click.echo("| served by | | p50 ms | p99 ms |\n|---|---|---:|---:|")
    for name in setup:
        with SETUPS[name]() as engine:
            for what, times in _measure(engine, runs).items():
                click.echo(f"| {name} | {what} | {_part(times, 0.5)} | {_part(times, 0.99)} |")
            click.echo(f"| {name} | idle: {_idle(engine):.2%} of a core, all processes | | |")


def _measure(engine: Engine, runs: int) -> dict[str, list[float]]:
    flow = chain(STEPS, "bench:stamp(- {$bind: whole} -)")
    steps, first, last = _chains(engine, flow, runs)
    with _load(engine):
        busy, _, _ = _chains(engine, flow, max(runs // 3, 1))
    return {
        "end of a task → start of the next, idle": steps,
        f"the same beside {LOAD} chains": busy,
        "`start` → the first task begins": first,
        "the last task begins → `wait` returns": last,
    }


def _chains(engine: Engine, flow: Flow, runs: int) -> tuple[list[float], list[float], list[float]]:
    steps: list[float] = []
    first: list[float] = []
    last: list[float] = []
    for _ in range(runs):
        began = time.time()
        noted: Sequence[float] = engine.client.wait(engine.client.start(flow), timeout=120)
        last.append(time.time() - noted[-1])
        first.append(noted[0] - began)
        steps += [after - before for before, after in pairwise(noted)]
    return steps, first, last


@contextmanager
def _load(engine: Engine) -> Iterator[None]:
    """Chains that are under way within."""
    ids = [engine.client.start(chain(200)) for _ in range(LOAD)]
    yield
    for id in ids:
        engine.client.terminate(id)
        engine.client.terminate(id)


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
