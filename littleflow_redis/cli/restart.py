"""``restart``: start workflows again where they stopped."""

from __future__ import annotations

from collections.abc import Sequence

import click

from .failures import clean_errors
from .options import Settings, connection_options
from .parameters import client_of


@click.command(name="restart")
@click.argument("workflows", metavar="ID...", nargs=-1, required=True)
@click.option("--all", "every", is_flag=True, help="Restart tasks that still run, too.")
@connection_options
@clean_errors
def command(settings: Settings, workflows: Sequence[str], every: bool) -> None:
    """Restart workflows that FAILED or were TERMINATED where they stopped; print each one's state.

    What failed or was cancelled starts again with a fresh budget of retries. Tasks that still run
    are left alone, unless --all.
    """
    client = client_of(settings)
    for workflow in workflows:
        state = client.restart(workflow, all=every)
        click.echo(f"{client.keys.full_id(workflow)} {state}")
