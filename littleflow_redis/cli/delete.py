"""``delete``: remove workflows and all they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .failures import clean_errors
from .options import Settings, connection_options
from .parameters import client_of

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client


@click.command(name="delete")
@click.argument("workflows", metavar="ID...", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Terminate first what is in progress.")
@connection_options
@clean_errors
def command(settings: Settings, workflows: Sequence[str], force: bool) -> None:
    """Delete workflows that ended, with their outputs and their traces."""
    client = client_of(settings)
    for workflow in workflows:
        if force:
            _end(client, workflow)
        client.delete(workflow)
        click.echo(f"deleted {client.keys.full_id(workflow)}")


def _end(client: Client, workflow: str) -> None:
    # The first call lets end what runs, the second one does not.
    if not client.terminate(workflow).ended:
        client.terminate(workflow)
