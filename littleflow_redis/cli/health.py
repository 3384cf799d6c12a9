"""``health``: what container probes ask."""

from __future__ import annotations

import time
from pathlib import Path

import click

from .failures import clean_errors
from .options import CommandSettings, connection_options


@click.command(name="health")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    envvar="LITTLEFLOW_HEALTH_FILE",
    required=True,
    help="The file that the process touches while it works.  [env: LITTLEFLOW_HEALTH_FILE]",
)
@click.option(
    "--max-age",
    type=click.FloatRange(min=1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time since the file was touched.",
)
@click.option(
    "--live", is_flag=True, help="Do not ask Redis, on which a liveness probe should not depend."
)
@connection_options
@clean_errors
def command(settings: CommandSettings, file: Path, max_age: float, live: bool) -> None:
    """Check that the worker, receipts, bridge or simulate of this container works: exits 0 or 1.

    Set the same LITTLEFLOW_HEALTH_FILE for this command and the process. The process touches that
    file each second as long as its loops turn, and stops when one hangs for half a minute. While
    Redis is away the process waits for it and goes on touching the file: a restart would not help.
    So Redis is asked only without --live.
    """
    try:
        age = time.time() - file.stat().st_mtime
    except OSError as error:
        raise click.ClickException(
            f"{file}: {error.strerror}: the process is not at work yet, or it was not started with"
            " LITTLEFLOW_HEALTH_FILE set to this file"
        ) from error
    if age > max_age:
        raise click.ClickException(f"the process hangs: {file} was touched {age:.0f} s ago")
    if not live:
        from littleflow_redis.events.connection import connect

        connect(settings.connection).ping()
    click.echo("healthy")
