"""``doctor``: what about a Celery app and its servers may cost work."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .failures import clean_errors
from .files import compile_file, problem_lines, shown_name
from .options import CommandSettings, connection_options
from .parameters import client_of

if TYPE_CHECKING:
    from littleflow_redis.bridges.doctor import Finding, Subject
    from littleflow_redis.engine.client import Client
    from littleflow_redis.language import Flow


@click.command(name="doctor")
@click.option("-A", "--app", required=True, help="Celery app, as for `celery -A`.")
@click.option(
    "--category",
    "categories",
    multiple=True,
    help="Category that is served, as for `bridge`; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.argument("files", nargs=-1, type=click.Path())
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    app: str,
    categories: tuple[str, ...],
    as_json: bool,
    files: Sequence[str],
) -> None:
    """Check a Celery app, its workers and all servers; report possible losses, and what to set.

    FILES are flows whose steps somebody should serve; steps of running workflows are checked too.
    Exits 1 if there are errors or warnings, 0 if there are hints at most.
    """
    from littleflow_redis.bridges.doctor import Level, checks_for, examine

    flows, broken = _compiled(files)
    subject = subject_of(client_of(settings), app, categories, flows)
    checks = checks_for(subject)
    found = [*broken, *examine(subject, checks)]
    found.sort(key=lambda finding: finding.level.weight)
    if as_json:
        click.echo(json.dumps([finding.as_json() for finding in found], indent=2))
    else:
        click.echo(_shown(found, len(checks)))
    sys.exit(any(finding.level is not Level.HINT for finding in found))


def _compiled(files: Sequence[str]) -> tuple[dict[str, Flow], list[Finding]]:
    """The flows in these files, and what keeps others from being looked at."""
    from littleflow_redis.bridges.doctor import Finding, Level
    from littleflow_redis.language import FlowError

    flows: dict[str, Flow] = {}
    broken: list[Finding] = []
    for file in files:
        try:
            flows[file] = compile_file(file)
        except FlowError as error:
            found, *more = problem_lines(error)
            found += f" (and {len(more)} more)" if more else ""
        except UnicodeDecodeError as error:
            found = f"{shown_name(file)}: it is no text in UTF-8: {error.reason}"
        except OSError as error:
            found = f"{shown_name(file)}: {error.strerror or error}"
        if file not in flows:
            costs = "nothing is known about its steps, and no workflow begins with it"
            advice = f"the fix that `check {file}` names"
            broken.append(Finding("flows", Level.ERROR, found, costs, advice))
    return flows, broken


def subject_of(
    client: Client,
    app: str,
    categories: Sequence[str],
    flows: Mapping[str, Flow],
    **options: Any,
) -> Subject:
    """The app that ``-A`` names, and flows by where they stand. Raises ConfigurationError."""
    from littleflow_redis.bridges.app import app_prefixes, load_app
    from littleflow_redis.bridges.bridge import served_categories
    from littleflow_redis.bridges.calls.call_options import CallOptions, app_settings
    from littleflow_redis.bridges.calls.task_lookup import TaskLookup
    from littleflow_redis.bridges.doctor import Subject

    celery = load_app(app)
    mapping = CallOptions([app_settings(celery)]).mapping
    names = TaskLookup(celery.tasks, app_prefixes(celery, app), mapping)
    served = served_categories(celery, app, categories)
    return Subject(client, celery, served, names, app, flows, **options)


def _shown(found: Sequence[Finding], checks: int) -> str:
    if not found:
        return f"{checks} checks, nothing to say"
    lines = [
        f"{finding.level}: {finding.found} [{finding.check}]\n"
        f"    costs: {finding.costs}\n"
        f"    set:   {finding.set}"
        for finding in found
    ]
    return "\n".join([*lines, f"{checks} checks, {len(found)} findings"])
