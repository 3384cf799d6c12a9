"""``receipts``: the receipt log, and the janitor of the stream."""

from __future__ import annotations

import click

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import DURATION, client_of


@click.command(name="receipts")
@click.option(
    "--event-retention",
    type=DURATION,
    default="7d",
    show_default=True,
    help="Time for which an event is kept without a receipt, or unacknowledged by a group.",
)
@connection_options
@clean_errors
def command(settings: CommandSettings, event_retention: float) -> None:
    """Print each receipted event and its time; remove entries that nobody needs any more.

    One must run, or the stream grows for ever. Entries of open attempts are never removed.
    """
    from littleflow_redis.workers.process_main import run_worker
    from littleflow_redis.workers.receipts import Receipts

    client = client_of(settings)
    worker = Receipts(client, event_retention=event_retention, show=click.echo)
    run_worker(worker, "receipts", stream=client.keys.events)
