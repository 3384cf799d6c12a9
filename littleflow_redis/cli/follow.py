"""``follow``: what happens to workflows, as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from littleflow_redis.events.event_codec import printable

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of
from .tables import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from littleflow_redis.engine.views.feed import FeedEntry


@click.command(name="follow")
@click.argument("workflow", metavar="[ID]", required=False)
@click.option("--after", default="", help="Begin after this entry; each line ends with its id.")
@connection_options
@clean_errors
def command(settings: CommandSettings, workflow: str | None, after: str) -> None:
    """Print every change of every workflow, or of one, as it happens; Ctrl-C ends it.

    A line has the time, the workflow, the step (and its item), the change, and the state
    afterwards.
    """
    try:
        for entry in client_of(settings).follow(workflow, after=after):
            for line in _lines(entry):
                click.echo(line)
    except KeyboardInterrupt:
        return


def _lines(entry: FeedEntry) -> Iterator[str]:
    if entry.reset:
        yield f"some changes are lost: `list` shows the workflows there are  {entry.id}"
    elif not entry.changes:
        yield f"{entry.workflow}  {entry.state}  {entry.id}"
    for change in entry.changes:
        words = (moment(change.at), entry.workflow, change.field, change.what, change.state)
        yield printable("  ".join((*filter(None, words), entry.id)))
