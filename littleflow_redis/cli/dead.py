"""``dead``: events that could not be processed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from littleflow_redis.events.event_codec import printable

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of
from .tables import moment, table

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client


@click.group(name="dead")
def command() -> None:
    """Look at events that could not be processed; send them again, or drop them."""


@command.command(name="list")
@click.option("--start", metavar="ID", default="", help="Go on after this dead letter.")
@click.option("--size", type=click.IntRange(1), default=50, show_default=True)
@connection_options
@clean_errors
def list_letters(settings: CommandSettings, start: str, size: int) -> None:
    """List dead letters, newest first."""
    rows = [("ID", "AT", "KIND", "WORKFLOW", "REASON")]
    for letter in client_of(settings).dead_letters(start, size):
        rows.append((letter.id, moment(letter.at), letter.kind, letter.workflow, letter.reason))
    click.echo(table(rows))


@command.command()
@click.argument("letter", metavar="ID")
@connection_options
@clean_errors
def show(settings: CommandSettings, letter: str) -> None:
    """Show one dead letter: its reason, and all that is kept of its event."""
    found = client_of(settings).dead.get(letter)
    click.echo(f"{printable(found.reason)}\nevent {found.event}, given up at {moment(found.at)}")
    if found.cut:
        click.echo("it was too large to be kept as a whole")
    for name, value in found.fields.items():
        click.echo(f"  {printable(name)}: {json.dumps(value)}")


@command.command()
@click.argument("letters", metavar="ID...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that can be sent again.")
@connection_options
@clean_errors
def retry(settings: CommandSettings, letters: Sequence[str], every: bool) -> None:
    """Send events again; print the new id of each."""
    client = client_of(settings)
    for letter in _chosen(client, letters, every, only_whole=True):
        click.echo(f"{letter} sent again as {client.retry_dead(letter)}")


@command.command()
@click.argument("letters", metavar="ID...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All dead letters.")
@connection_options
@clean_errors
def drop(settings: CommandSettings, letters: Sequence[str], every: bool) -> None:
    """Remove dead letters for good."""
    client = client_of(settings)
    for letter in _chosen(client, letters, every):
        client.drop_dead(letter)
        click.echo(f"dropped {letter}")


def _chosen(
    client: Client, letters: Sequence[str], every: bool, only_whole: bool = False
) -> Iterator[str]:
    if every == bool(letters):
        raise click.UsageError("Give the ids of dead letters, or --all.")
    if not every:
        return iter(letters)
    # From the newest down: an event that becomes a dead letter again is not met a second time.
    found = client.dead.all()
    return (it.id for it in found if not (only_whole and (it.cut or it.ended)))
