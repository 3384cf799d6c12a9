"""``end``: write the end of a task by hand."""

from __future__ import annotations

from typing import Any

import click

from littleflow_redis.engine.model.json_values import ABSENT
from littleflow_redis.engine.operations import end_task

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import JSON, client_of


@click.command(name="end")
@click.argument("workflow")
@click.argument("name")
@click.argument("index", type=click.IntRange(0))
@click.option(
    "--status",
    type=click.Choice(["SUCCESS", "FAILURE"], case_sensitive=False),
    default="SUCCESS",
    show_default=True,
)
@click.option("--output", type=JSON, default=ABSENT, help="Output of the task.  [default: {}]")
@click.option("--reason", help="Why it failed.")
@click.option("--token", help="The attempt that ends.  [default: the oldest open one]")
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    workflow: str,
    name: str,
    index: int,
    status: str,
    output: Any,
    reason: str | None,
    token: str | None,
) -> None:
    """Write the end of a task of WORKFLOW by hand: of step INDEX, called NAME.

    Prints the id of the event.
    """
    event = end_task.end_task(
        client_of(settings), workflow, index,
        name=name, status=status, output=output, reason=reason, token=token,
    )  # fmt: skip
    click.echo(event)
