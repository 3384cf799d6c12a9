"""``simulate``: plays tasks."""

from __future__ import annotations

import click

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of


@click.command(name="simulate")
@click.option("--group", default="starting", show_default=True, help="Consumer group.")
@click.option(
    "--wait-period",
    type=click.FloatRange(min=0),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time that a task takes.",
)
@click.option(
    "--failures",
    type=click.FloatRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help="Share of the tasks that fail.",
)
@connection_options
@clean_errors
def command(settings: CommandSettings, group: str, wait_period: float, failures: float) -> None:
    """Play every task that is not built in: it takes a random while and has no output.

    Tasks that a listener or a bridge has claimed are left to it.
    """
    from littleflow_redis.workers.process_main import run_worker
    from littleflow_redis.workers.simulate import Simulator

    client = client_of(settings)
    simulator = Simulator(client, group=group, wait_period=wait_period, failures=failures)
    try:
        run_worker(simulator, "simulate", group=group, stream=client.keys.events)
    finally:
        simulator.close()
