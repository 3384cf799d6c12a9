"""``archive``: a workflow as one JSON document."""

from __future__ import annotations

import click

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of


@click.command(name="archive")
@click.argument("workflow", metavar="ID")
@click.option(
    "-o",
    "--output",
    metavar="FILE|URI",
    default="-",
    help="Where to write it: a path, file://… or s3://bucket/path.  [default: standard output]",
)
@connection_options
@clean_errors
def command(settings: CommandSettings, workflow: str, output: str) -> None:
    """Write everything about a workflow as JSON: its flow, outputs and trace.

    `restore` makes the workflow again, on any Redis. A workflow that runs goes on undisturbed.
    """
    from littleflow_redis.engine.archive import storage

    archive = client_of(settings).archive(workflow)
    if output == "-":
        click.echo(storage.encode(archive), nl=False)
        return
    storage.write(archive, output)
    click.echo(f"archived {archive['id']} to {output}", err=True)
