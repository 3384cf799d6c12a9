"""What a step costs in ever larger workflows: ``python -m benchmarks.growth``.

Processor time, so that it hardly depends on what else the machine does. Workflows of one size run
one after the other until they are STEPS steps together, so that small ones are measured as well.
Linux only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from benchmarks.cputime import seconds_of
from benchmarks.ours import Engine, native
from benchmarks.shapes import SHAPES, Shape

#: Steps that are measured at least, at each size.
STEPS = 1_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step costs: µs of processor time of all processes and of the server, and bytes that
    stay in Redis.
    """

    all: float
    server: float
    bytes: float


@click.command()
@click.option("--shape", type=click.Choice([*SHAPES]), multiple=True, default=[*SHAPES])
@click.option("--most", type=click.IntRange(10), default=10_000, show_default=True)
def main(shape: tuple[str, ...], most: int) -> None:
    """Print a table: for 10, 100, 1,000, … steps, up to MOST."""
    click.echo("| | steps | µs per step | of these the server's | bytes per step | growth |")
    click.echo("|---|---:|---:|---:|---:|---:|")
    for name in shape:
        with native() as engine:
            first, size = 0.0, 10
            while size <= most:
                cost = cost_of(engine, SHAPES[name], size, max(1, STEPS // size))
                first = first or cost.all
                click.echo(
                    f"| {name} | {size:,} | {cost.all:.0f} | {cost.server:.0f} "
                    f"| {cost.bytes:.0f} | {cost.all / first:.2f}× |"
                )
                size *= 10


def cost_of(engine: Engine, shape: Shape, size: int, times: int) -> Cost:
    """Run so many workflows of this size one after the other; what a step of theirs costs."""
    pids = [process.process.pid for process in engine.processes]
    server = engine.server.running.process.pid
    all_before, server_before = sum(map(seconds_of, pids)), seconds_of(server)
    bytes_before = _used(engine)
    steps = sum(shape(engine, size) for _ in range(times))
    return Cost(
        (sum(map(seconds_of, pids)) - all_before) / steps * 1e6,
        (seconds_of(server) - server_before) / steps * 1e6,
        (_used(engine) - bytes_before) / steps,
    )


def _used(engine: Engine) -> int:
    info: Any = engine.client.redis.info("memory")
    return int(info["used_memory"])


if __name__ == "__main__":
    main()
