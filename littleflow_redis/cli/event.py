"""``event``: append an event to the stream."""

from __future__ import annotations

from typing import Any

import click

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import JSON, client_of


@click.command(name="event")
@click.argument("kind")
@click.option("--data", type=JSON, help="Fields of the event, a JSON object.")
@click.option("--workflow", metavar="ID", help="Reach only the waits of this workflow.")
@connection_options
@clean_errors
def command(settings: CommandSettings, kind: str, data: Any, workflow: str | None) -> None:
    """Append an event of any KIND, such as one that a workflow waits for; print its id."""
    if data is not None and not isinstance(data, dict):
        raise click.BadParameter("an event's fields are an object: {…}", param_hint="--data")
    click.echo(client_of(settings).send_event(kind, data, workflow))
