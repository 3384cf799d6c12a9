"""``run``: start a workflow, and wait for it if asked to."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import click

from .doctor import subject_of
from .failures import Failure, clean_errors
from .files import compile_file, shown_name
from .local import play
from .options import CommandSettings, connection_options
from .parameters import JSON, client_of

if TYPE_CHECKING:
    from littleflow_redis.bridges.doctor import Subject
    from littleflow_redis.engine.client import Client

LOG = logging.getLogger("littleflow_redis.run")

#: Exit code when Ctrl-C ended the waiting, as a shell has it.
INTERRUPTED = 130


@click.command(name="run")
@click.argument("workflow", type=click.Path())
@click.option("--workflow-id", metavar="ID", help="Id of the workflow: the same id starts once.")
@click.option("--input", "input_", type=JSON, help="Input of the workflow.")
@click.option("--wait", is_flag=True, help="Wait for the end; print the final output.")
@click.option(
    "--progress/--no-progress",
    default=None,
    help="With --wait: show each step on stderr.  [default: on a terminal]",
)
@click.option(
    "-A", "--app", help="With --wait: Celery app whose workers are asked which queues they consume."
)
@click.option("--local", is_flag=True, help="Run it here, with Python functions, without Redis.")
@click.option("--tasks", metavar="MODULE[:OBJECT]", help="With --local: module of the functions.")
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    workflow: str,
    workflow_id: str | None,
    input_: Any,
    wait: bool,
    progress: bool | None,
    app: str | None,
    local: bool,
    tasks: str | None,
) -> None:
    """Start the workflow in the file WORKFLOW (`-`: standard input); print its id.

    With --wait the last line is the final output as JSON. The exit code is 0 if the workflow
    FINISHED, 1 otherwise, with the reasons on stderr. Steps that no process serves are reported
    there.

    With --local nothing is started: the workflow runs in this process, with the functions of a
    module, a file or an object in one. Its output is printed as with --wait.
    """
    from littleflow_redis.events.cluster import refuse_cluster

    _check(local, tasks, workflow_id)
    if app is not None and not wait:
        raise click.UsageError("-A goes with --wait: it reports what keeps the workflow waiting")
    flow = compile_file(workflow)
    for warning in flow.warnings:
        click.echo(f"{shown_name(workflow)}:{warning}", err=True)
    if tasks is not None:
        _print(play(flow, tasks, input_))
        return
    client = client_of(settings)
    subject = None if app is None else subject_of(client, app, (), {workflow: flow}, patience=0.0)
    # A server that is not there is an error at once; one that goes away later is waited for.
    client.redis.ping()
    refuse_cluster(client.redis, settings.connection.address)
    id = client.start(flow, input_, workflow_id=workflow_id)
    click.echo(id)
    if wait:
        shown = sys.stderr.isatty() if progress is None else progress
        try:
            output = _wait(client, id, shown, subject)
        except KeyboardInterrupt:
            click.echo(f"{id} goes on: `inspect {id}` shows it", err=True)
            sys.exit(INTERRUPTED)
        _print(output)


def _check(local: bool, tasks: str | None, workflow_id: str | None) -> None:
    if tasks is not None and not local:
        raise click.UsageError("--tasks goes with --local: otherwise workers serve the tasks")
    if local and tasks is None:
        raise click.UsageError(
            "--local needs the functions of the tasks: give --tasks MODULE, --tasks FILE.py or "
            "--tasks MODULE:OBJECT"
        )
    if local and workflow_id is not None:
        raise click.UsageError("--workflow-id means nothing with --local: leave it out")


def _print(output: Any) -> None:
    click.echo(json.dumps(output, ensure_ascii=False))


def _wait(client: Client, id: str, shown: bool, subject: Subject | None) -> Any:
    """Wait for the end, through times when Redis is away, and return the final output.

    Steps that nobody serves meanwhile are reported on stderr.
    """
    from littleflow_redis.engine.model.errors import WorkflowFailed
    from littleflow_redis.events.reconnect import Outage
    from littleflow_redis.events.shutdown import Stop

    from .lookout import LOOK, Lookout
    from .progress import watch

    outputs: list[Any] = []
    outage, lookout = Outage(client.redis, Stop(), LOG), Lookout(client, id, subject)

    def wait() -> None:
        while not outputs:
            try:
                outputs.append(client.wait(id, LOOK))
            except TimeoutError:
                for sentence in lookout.news():
                    click.echo(f"waits: {sentence}", err=True)

    if shown:
        watch(client, id, outage, subject)
    try:
        outage.run(wait)
    except WorkflowFailed as error:
        raise Failure("\n".join(error.reasons) or str(error)) from error
    return outputs[-1]
