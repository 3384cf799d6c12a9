"""Processor time per step, process by process: ``python -m benchmarks.costs``.

Unlike the wall clock it hardly depends on what else the machine does. Linux only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from benchmarks import flows
from benchmarks.cputime import seconds_of
from benchmarks.ours import Engine, Setup, inside, native, with_celery
from littleflow_redis import Flow

#: What serves the steps.
SETUPS: Mapping[str, Setup] = {
    "native": native,
    "inside": inside,
    "bridge": with_celery,
}


@dataclass(frozen=True, slots=True)
class Work:
    """Workflows of one flow: how many, how many steps each has, and what they give."""

    flow: Callable[[], Flow]
    count: int
    steps: int
    output: Any = 1


WORKS: Mapping[str, Work] = {
    "chains": Work(lambda: flows.chain(5), 200, 5),
    "fan-out": Work(lambda: flows.fan_out(1000), 1, 1001, 1000),
    "long-chain": Work(lambda: flows.chain(100), 1, 100),
}


@click.command()
@click.option("--setup", type=click.Choice([*SETUPS]), multiple=True, default=[*SETUPS])
@click.option("--work", type=click.Choice([*WORKS]), multiple=True, default=[*WORKS])
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True)
def main(setup: tuple[str, ...], work: tuple[str, ...], runs: int) -> None:
    """Print µs of processor time per step, of each process and of all, the least of some runs."""
    for name in setup:
        with SETUPS[name]() as engine:
            for key in work:
                best = min((_measure(engine, WORKS[key]) for _ in range(runs)), key=_total)
                spent = "  ".join(f"{process} {used:.0f}" for process, used in best.items())
                click.echo(f"{name:9} {key:11} all {_total(best):.0f}  {spent}  µs/step")


def _total(spent: Mapping[str, float]) -> float:
    return sum(used for process, used in spent.items() if process != "scripts")


def _measure(engine: Engine, work: Work) -> dict[str, float]:
    engine.client.redis.config_resetstat()
    before = {process.name: seconds_of(process.process.pid) for process in engine.processes}
    engine.run(work.flow(), work.count, work.output)
    steps = work.count * work.steps
    spent = {
        process.name.partition("-")[0]: (seconds_of(process.process.pid) - before[process.name])
        / steps
        * 1e6
        for process in engine.processes
    }
    stats: Any = engine.client.redis.info("commandstats")
    return {**spent, "scripts": stats["cmdstat_evalsha"]["usec"] / steps}


if __name__ == "__main__":
    main()
