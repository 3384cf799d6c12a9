"""``terminate``: stop workflows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from .bulk_selection import act_on, which_options
from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of


@click.command(name="terminate")
@which_options
@connection_options
@clean_errors
def command(settings: CommandSettings, workflows: Sequence[str], **which: Any) -> None:
    """Terminate workflows; print each one's state.

    Attempts that nobody has claimed are cancelled. Tasks that run may end, and until then the
    workflow is TERMINATING; a second call ends it at once. Name the workflows, or select them by
    the options of `list`.
    """
    client = client_of(settings)
    act_on(
        client, workflows, lambda id: f"{client.keys.full_id(id)} {client.terminate(id)}", **which
    )
