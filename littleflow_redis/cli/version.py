"""``version``: which version this is."""

from __future__ import annotations

import click


@click.command(name="version")
def command() -> None:
    """Print the version of littleflow_redis."""
    from importlib.metadata import version

    click.echo(version("littleflow_redis"))
