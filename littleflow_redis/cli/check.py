"""``check``: find the problems of workflow files, for editors and CI."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from .failures import clean_errors
from .files import as_data, problem_lines, runnable_file

if TYPE_CHECKING:
    from littleflow_redis.bridges.doctor import Subject
    from littleflow_redis.language import Flow, FlowError


@click.command(name="check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-A",
    "--app",
    help="Celery app, as for `celery -A`: report also steps that nobody would run, and show the "
    "call of each that the app runs.",
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    help="With -A: category that the app serves; repeatable.",
)
@click.option(
    "--errors",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the problems; json: one line for each file that has any, no warnings.",
)
@clean_errors
def command(
    files: Sequence[str], app: str | None, categories: tuple[str, ...], errors: str
) -> None:
    """Print the problems of workflow files (`-`: standard input), one a line, as
    `file:line:column: message`.

    The exit code is 1 if there are any. Warnings are printed as such, and are no problems. For a
    file that is fine nothing is printed, except the notes of -A.

    With -A a step whose category the app serves is a problem if the app has no task for it, or if
    no input fits the call. Three things are warnings: a category that nobody serves, a queue from
    which no Celery worker consumes, and a name in $retry of which no exception is imported here.
    A fourth is a setting by which Celery may repeat a task whose step has `$on-lost: fail`. The
    environment names Redis and the broker. Without them nobody is asked, and the warning is that
    the app does not serve the category. A note at each step shows the call of its task for inputs
    of each shape; a shape such as [1, 2] stands for all lists of two.
    """
    from littleflow_redis.language import FlowError

    from .remarks import lines, noted, problems, warned

    flows: dict[str, Flow] = {}
    wrong: dict[str, FlowError] = {}
    for name in files:
        try:
            flows[name] = runnable_file(name)
        except FlowError as error:
            wrong[name] = error
    remarks = {name: list(map(warned, flow.warnings)) for name, flow in flows.items()}
    if app is not None:
        subject = _subject(app, categories, flows)
        wrong |= problems(subject)
        for name, found in noted(subject):
            remarks[name].append(found)
    for name in files:
        if refusal := wrong.get(name):
            shown = (
                [json.dumps(as_data(name, refusal))] if errors == "json" else problem_lines(refusal)
            )
        else:
            shown = [] if errors == "json" else lines(name, remarks[name])
        for line in shown:
            click.echo(line)
    sys.exit(1 if wrong else 0)


def _subject(app: str, categories: Sequence[str], flows: Mapping[str, Flow]) -> Subject:
    from littleflow_redis.engine.client import Client
    from littleflow_redis.engine.store.keys import Keys
    from littleflow_redis.events.connection import ConfigurationError

    from .doctor import subject_of

    keys = Keys(namespace=os.environ.get("LITTLEFLOW_NAMESPACE", ""))
    try:
        client = Client(keys=keys)
        return subject_of(client, app, categories, flows)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
