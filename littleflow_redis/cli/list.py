"""``list``: the workflows there are."""

from __future__ import annotations

import click

from .failures import clean_errors
from .options import Settings, connection_options
from .parameters import client_of
from .tables import duration, moment, table

#: As `littleflow_redis.engine.states.WorkflowState`, which would be imported for `--help`.
STATES = ("RUNNING", "TERMINATING", "TERMINATED", "FAILED", "FINISHED")


@click.command(name="list")
@click.option("--state", type=click.Choice(STATES, case_sensitive=False), help="Only these.")
@click.option(
    "--size", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many."
)
@click.option("--next", "start", type=click.IntRange(0), default=0, help="How many to pass over.")
@connection_options
@clean_errors
def command(settings: Settings, state: str | None, size: int, start: int) -> None:
    """List workflows, newest first, with how many of their steps have ended. Times are UTC."""
    found = client_of(settings).list(state, start=start, size=size)
    if not found:
        click.echo("there are none", err=True)
        return
    rows = [
        (each.id, each.state.value, moment(each.created), duration(each.created, each.ended),
         f"{each.done}/{each.total}")
        for each in found
    ]  # fmt: skip
    click.echo(table([("ID", "STATE", "CREATED", "TOOK", "STEPS"), *rows]))
