"""``list``: the workflows there are."""

from __future__ import annotations

from typing import Any

import click

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import MOMENT, client_of
from .tables import duration, moment, table

#: As `littleflow_redis.engine.model.states.WorkflowState`, which would be imported for `--help`.
STATES = ("RUNNING", "TERMINATING", "TERMINATED", "FAILED", "FINISHED")

#: As `littleflow_redis.engine.views.listing.SORTS`.
SORTS = ("created", "-created", "ended", "-ended")


def query_options(command: Any) -> Any:
    """The options that say which workflows, for :func:`query_of`."""
    for option in reversed(
        (
            click.option(
                "--state",
                "states",
                multiple=True,
                type=click.Choice(STATES, case_sensitive=False),
                help="Only these states; may be repeated.",
            ),
            click.option(
                "--name",
                default="",
                help="Only flows whose name begins with this, or matches a pattern.",
            ),
            click.option(
                "--search", "text", default="", help="Only those with this in their id or name."
            ),
            click.option(
                "--since", type=MOMENT, help="Not earlier than this time (ISO) or time ago (2h)."
            ),
            click.option("--until", type=MOMENT, help="Not later than this."),
        )
    ):
        command = option(command)
    return command


@click.command(name="list")
@query_options
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default="-created",
    show_default=True,
    help="Time to sort by; `-` puts the latest first. --since and --until mean this time.",
)
@click.option(
    "--size",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="Workflows at most.",
)
@click.option(
    "--after", "cursor", default="", help="Go on after this cursor, which the end of a page shows."
)
@click.option("--next", "start", type=click.IntRange(0), default=0, help="Workflows to skip.")
@connection_options
@clean_errors
def command(settings: CommandSettings, size: int, cursor: str, start: int, **query: Any) -> None:
    """List workflows, newest first, with the number of steps that are over. Times are UTC."""
    from littleflow_redis.engine.views.listing import MAX_SIZE, Query

    client, which, found = client_of(settings), Query(**query), list[Any]()
    while len(found) < size:
        page = client.search(which, cursor=cursor, size=min(size - len(found) + start, MAX_SIZE))
        found += page.items[start:]
        cursor, start = page.next, max(start - len(page.items), 0)
        if not cursor:
            break
    rows = [
        (each.id, each.state.value, moment(each.created), duration(each.created, each.ended),
         f"{each.done}/{each.total}")
        for each in found
    ]  # fmt: skip
    if not rows:
        click.echo("there are none", err=True)
        return
    click.echo(table([("ID", "STATE", "CREATED", "TOOK", "STEPS"), *rows]))
    if cursor:
        click.echo(f"there may be more: --after {cursor}", err=True)
