"""``terminate``: stop workflows."""

from __future__ import annotations

from collections.abc import Sequence

import click

from .failures import clean_errors
from .options import Settings, connection_options
from .parameters import client_of


@click.command(name="terminate")
@click.argument("workflows", metavar="ID...", nargs=-1, required=True)
@connection_options
@clean_errors
def command(settings: Settings, workflows: Sequence[str]) -> None:
    """Terminate workflows; print each one's state.

    What nobody works on is cancelled. What runs may end, and until then the workflow is
    TERMINATING; a second call ends it at once.
    """
    client = client_of(settings)
    for workflow in workflows:
        state = client.terminate(workflow)
        click.echo(f"{client.keys.full_id(workflow)} {state}")
