"""``check``: find the problems of workflow files, for editors and CI."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from .failures import clean_errors
from .files import as_data, runnable_file, shown_name

if TYPE_CHECKING:
    from littleflow_redis.bridges.doctor import Subject
    from littleflow_redis.language import Flow, FlowError, Problem


@click.command(name="check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "-A",
    "--app",
    help="Celery app, as for `celery -A`: say also which steps nobody would run, and what becomes "
    "of the input of each that the app runs.",
)
@click.option(
    "--category", "categories", multiple=True, help="With -A: as for `bridge`; repeatable."
)
@click.option(
    "--errors",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How problems are printed; json: one line for each file that has any, no warnings.",
)
@clean_errors
def command(
    files: Sequence[str], app: str | None, categories: tuple[str, ...], errors: str
) -> None:
    """Print the problems of workflow files (`-`: standard input), one a line, as
    `file:line:column: message`.

    The exit code is 1 if there are any. Warnings are printed as such, and are no problems; a file
    that is fine prints nothing, but for what -A adds.

    With -A a step whose category the app serves, and for which it has no task, is a problem; a
    category that is neither the app's nor served by anybody in Redis, and a queue from which no
    Celery worker consumes, is a warning. Where Redis and the broker are says the environment;
    without them nobody is asked. What inputs of each shape become in the call of a task, is told as
    a note at each step: a shape such as [1, 2] stands for all lists of two.
    """
    from littleflow_redis.language import FlowError

    flows: dict[str, Flow] = {}
    wrong: dict[str, FlowError] = {}
    for name in files:
        try:
            flows[name] = runnable_file(name)
        except FlowError as error:
            wrong[name] = error
    warnings = {name: list(flow.warnings) for name, flow in flows.items()}
    notes: dict[str, list[str]] = {name: [] for name in flows}
    if app is not None:
        subject = _subject(app, categories, flows)
        wrong |= _refused(subject, flows)
        for name, warning in _waiting(subject):
            warnings[name].append(warning)
        for name, flow in flows.items():
            notes[name] += _notes(name, flow, subject)
    for name in files:
        if problems := wrong.get(name):
            shown = [json.dumps(as_data(name, problems))] if errors == "json" else _lines(problems)
        else:
            marked = [_marked(name, warning) for warning in warnings[name]]
            shown = [] if errors == "json" else marked + notes[name]
        for line in shown:
            click.echo(line)
    sys.exit(1 if wrong else 0)


def _subject(app: str, categories: Sequence[str], flows: Mapping[str, Flow]) -> Subject:
    from littleflow_redis.engine.client import Client
    from littleflow_redis.engine.keys import Keys
    from littleflow_redis.events.connection import ConfigurationError

    from .doctor import subject_of

    keys = Keys(namespace=os.environ.get("LITTLEFLOW_NAMESPACE", ""))
    try:
        client = Client(keys=keys)
        return subject_of(client, app, categories, flows)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


def _refused(subject: Subject, flows: Mapping[str, Flow]) -> dict[str, FlowError]:
    from littleflow_redis.bridges.doctor.written import refused
    from littleflow_redis.language import FlowError, Problem, ProblemKind

    found: dict[str, list[Problem]] = {}
    for place, reason in refused(subject):
        at = (place.step.line, place.step.column)
        problem = Problem(*at, reason, kind=ProblemKind.UNSUPPORTED)
        found.setdefault(place.where, []).append(problem)
    return {
        name: FlowError(problems, flows[name].source or "", shown_name(name))
        for name, problems in found.items()
    }


def _waiting(subject: Subject) -> Iterator[tuple[str, str]]:
    from littleflow_redis.bridges.doctor.written import waiting

    for place, sentence in waiting(subject):
        yield place.where, f"{place.step.line}:{place.step.column}: {sentence}"


def _notes(name: str, flow: Flow, subject: Subject) -> Iterator[str]:
    from littleflow_redis.bridges.explain import rows_of
    from littleflow_redis.bridges.rules import Rules, app_settings

    rules = Rules([app_settings(subject.app)])
    for step, told in rows_of(subject.app, subject.names, rules, subject.categories, flow):
        yield f"{shown_name(name)}:{step.line}:{step.column}: note: {step.name} calls {told}"


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
