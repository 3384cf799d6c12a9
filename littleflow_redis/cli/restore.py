"""``restore``: a workflow from an archive."""

from __future__ import annotations

import sys

import click

from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of


@click.command(name="restore")
@click.argument("archive", metavar="FILE|URI|-")
@click.option("--workflow-id", metavar="ID", help="Its id.  [default: a new one]")
@connection_options
@clean_errors
def command(settings: CommandSettings, archive: str, workflow_id: str | None) -> None:
    """Restore a workflow from an archive, as TERMINATED; print its id.

    ARCHIVE is a path, file://… or s3://bucket/path, or `-` for standard input. `restart` goes on
    where the archive was made.
    """
    from littleflow_redis.engine.archive import storage
    from littleflow_redis.engine.archive.document import MAX_BYTES

    if archive == "-":
        document = storage.decode(sys.stdin.buffer.read(MAX_BYTES + 1))
    else:
        document = storage.read(archive)
    click.echo(client_of(settings).restore(document, workflow_id=workflow_id))
