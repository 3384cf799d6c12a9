"""``doc``: a workflow as a diagram in Mermaid's language."""

from __future__ import annotations

import click

from .failures import clean_errors
from .files import compile_file


@click.command(name="doc")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option("--no-docs", is_flag=True, help="Leave out the texts of tasks.")
@click.option("--vertical", is_flag=True, help="Draw from top to bottom.")
@clean_errors
def command(file: str, no_docs: bool, vertical: bool) -> None:
    """Print the workflow in FILE (`-`: standard input) as a Mermaid state diagram.

    GitHub, GitLab and many editors draw it in a Markdown file, as a code block of the language
    `mermaid`.
    """
    from littleflow_redis.language import mermaid

    click.echo(mermaid(compile_file(file), docs=not no_docs, vertical=vertical), nl=False)
