"""``check``: find the problems of workflow files, for editors and CI."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .failures import clean_errors
from .files import as_data, runnable_file, shown_name

if TYPE_CHECKING:
    from littleflow_redis.language import FlowError, Problem


@click.command(name="check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--errors",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How problems are printed; json: one line for each file that has any, no warnings.",
)
@clean_errors
def command(files: Sequence[str], errors: str) -> None:
    """Print the problems of workflow files (`-`: standard input), one a line, as
    `file:line:column: message`.

    The exit code is 1 if there are any. Warnings are printed as such, and are no problems; a file
    that is fine prints nothing.
    """
    from littleflow_redis.language import FlowError

    failed = False
    for name in files:
        try:
            warnings = runnable_file(name).warnings
        except FlowError as error:
            failed = True
            shown = [json.dumps(as_data(name, error))] if errors == "json" else _lines(error)
        else:
            shown = [] if errors == "json" else [_marked(name, warning) for warning in warnings]
        for line in shown:
            click.echo(line)
    sys.exit(1 if failed else 0)


def _lines(error: FlowError) -> list[str]:
    return [_line(error.filename, problem) for problem in error.problems]


def _line(file: str, problem: Problem) -> str:
    line = f"{file}:{problem.line}:{problem.column}: {problem.message}"
    line += f", expected {problem.expected}" if problem.expected else ""
    return f"{line}; {problem.hint}" if problem.hint else line


def _marked(name: str, warning: str) -> str:
    """The warning, called one behind its place in the text, if it has a place."""
    place, colon, message = warning.partition(": ")
    if colon and place.replace(":", "").isdigit():
        return f"{shown_name(name)}:{place}: warning: {message}"
    return f"{shown_name(name)}: warning: {warning}"
