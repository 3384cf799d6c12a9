"""``graph``: a workflow as a graph in Graphviz' language."""

from __future__ import annotations

import click

from .failures import clean_errors
from .files import compile_file


@click.command(name="graph")
@click.argument("file", metavar="FILE", type=click.Path())
@clean_errors
def command(file: str) -> None:
    """Print the workflow in FILE (`-`: standard input) as a graph in DOT, Graphviz' language.

    `python -m littleflow_redis graph FILE | dot -Tsvg > graph.svg` draws it.
    """
    from littleflow_redis.language import dot

    click.echo(dot(compile_file(file)), nl=False)
