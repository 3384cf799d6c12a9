"""Which workflows a command acts on: those named, or those that `list` shows by the options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .list import query_options

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client

#: Does it to one workflow, by its id in any form, and returns what to print.
Act = Callable[[str], str]


def which_options(command: Any) -> Any:
    """The arguments that say which workflows, for :func:`act_on`."""
    yes = click.option("--yes", is_flag=True, help="Do not ask before acting on all that match.")
    return click.argument("workflows", metavar="[ID]...", nargs=-1)(query_options(yes(command)))


def act_on(client: Client, workflows: Sequence[str], act: Act, *, yes: bool, **query: Any) -> None:
    """Do it to each and print what came of it.

    Of workflows that are named, the first that cannot be done is raised. A workflow that refuses is
    reported on stderr and makes the exit code 1; the others go on.
    """
    if bool(workflows) == any(query.values()):
        raise click.UsageError(
            "name the workflows by their ids, or select them by options such as --state FAILED"
        )
    if workflows:
        for workflow in workflows:
            click.echo(act(workflow))
    else:
        _act_on_all(_matching(client, query), act, yes)


def _matching(client: Client, query: Mapping[str, Any]) -> Sequence[str]:
    from littleflow_redis.engine.operations.bulk import select_workflows
    from littleflow_redis.engine.views.listing import Query

    return select_workflows(client, Query(**query), sys.maxsize)[0]


def _act_on_all(workflows: Sequence[str], act: Act, yes: bool) -> None:
    from littleflow_redis.engine.model.errors import LittleflowError

    if not workflows:
        click.echo("there are none", err=True)
        return
    name = click.get_current_context().info_name
    count = "1 workflow" if len(workflows) == 1 else f"{len(workflows):,} workflows"
    if not yes:
        click.confirm(f"{name} {count}?", abort=True, err=True)
    undone = False
    for workflow in workflows:
        try:
            click.echo(act(workflow))
        except LittleflowError as error:
            undone = True
            click.echo(str(error), err=True)
    if undone:
        sys.exit(1)
