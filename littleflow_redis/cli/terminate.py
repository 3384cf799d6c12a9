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

    What nobody works on is cancelled. What runs may end, and until then the workflow is
    TERMINATING; a second call ends it at once. Name them, or say what they have in common, as to
    `list`.
    """
    client = client_of(settings)
    act_on(
        client, workflows, lambda id: f"{client.keys.full_id(id)} {client.terminate(id)}", **which
    )
