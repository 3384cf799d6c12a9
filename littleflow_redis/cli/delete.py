"""``delete``: remove workflows and all they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .bulk_selection import act_on, which_options
from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client


@click.command(name="delete")
@which_options
@click.option("--force", is_flag=True, help="Terminate workflows in progress first.")
@connection_options
@clean_errors
def command(settings: CommandSettings, workflows: Sequence[str], force: bool, **which: Any) -> None:
    """Delete workflows that ended, with their outputs and their traces.

    Name the workflows, or select them by the options of `list`.
    """
    client = client_of(settings)

    def delete(workflow: str) -> str:
        if force:
            _end(client, workflow)
        client.delete(workflow)
        return f"deleted {client.keys.full_id(workflow)}"

    act_on(client, workflows, delete, **which)


def _end(client: Client, workflow: str) -> None:
    # The first call lets end what runs, the second one does not.
    if not client.terminate(workflow).ended:
        client.terminate(workflow)
