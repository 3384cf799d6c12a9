"""``inspect``: the state of a workflow and of its steps."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import click

from littleflow_redis import extensions
from littleflow_redis.events.event_codec import printable

from .failures import Failure, clean_errors
from .options import CommandSettings, connection_options
from .parameters import client_of
from .tables import duration, moment, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from littleflow_redis.engine.views.attempts import AttemptView
    from littleflow_redis.engine.views.steps import StepView
    from littleflow_redis.engine.views.trace import TraceEntry
    from littleflow_redis.engine.views.waits import WaitView
    from littleflow_redis.engine.views.workflows import WorkflowView
    from littleflow_redis.language import Flow

LOG = logging.getLogger("littleflow_redis.inspect")

#: Steps that a waiting step names before it says how many more there are.
SHOWN = 5


@click.command(name="inspect")
@click.argument("workflow", metavar="ID")
@click.option("--all", "trace", is_flag=True, help="Show every change, with its time.")
@click.option(
    "--vectors",
    is_flag=True,
    help="Show upstream's vectors: A, inputs that arrived for each step; S, its open activations.",
)
@click.option(
    "--attempts",
    is_flag=True,
    help="Show every attempt of every step, and the tracebacks of those that failed.",
)
@click.option("--source", is_flag=True, help="Show the text of the workflow, and nothing else.")
@click.option("--follow", is_flag=True, help="Show the changes so far, and follow it to the end.")
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    workflow: str,
    trace: bool,
    vectors: bool,
    attempts: bool,
    source: bool,
    follow: bool,
) -> None:
    """Show the state of a workflow and a table of its steps. Times are UTC."""
    client = client_of(settings)
    if source:
        text = client.source(workflow)
        click.echo(text, nl=not text.endswith("\n"))
        return
    if follow:
        from littleflow_redis.events.reconnect import Outage
        from littleflow_redis.events.shutdown import Stop

        from .progress import watch

        watch(client, client.state(workflow).id, Outage(client.redis, Stop(), LOG))
    view = client.state(workflow)
    flow = client.views.flow(view.id)
    waits: dict[int, list[WaitView]] = {}
    for wait in client.waits(workflow):
        waits.setdefault(wait.index, []).append(wait)
    click.echo(table(list(_about(view))))
    click.echo()
    click.echo(table([TITLES, *(_row(step, view, flow, waits) for step in view.steps)]))
    if attempts:
        click.echo()
        made = client.attempts(workflow)
        click.echo(table([ATTEMPT_TITLES, *(_attempt(attempt, view) for attempt in made)]))
        for attempt in made:
            if attempt.traceback:
                click.echo("\n" + _traceback(attempt, view))
    if vectors:
        current = extensions.find("cli.inspect", "current")
        if current is None:
            raise Failure("--vectors is an option of littleflow_redis.compat, which is not there")
        click.echo()
        for name, vector in zip("AS", current(view), strict=True):
            click.echo(f"{name} {vector}")
    if trace:
        click.echo()
        click.echo(table([CHANGE_TITLES, *_changes(client.trace(workflow), view)]))


TITLES = ("STEP", "NAME", "STATE", "ATTEMPTS", "STARTED", "TOOK", "ABOUT")
ATTEMPT_TITLES = (
    "STEP",
    "NAME",
    "ATTEMPT",
    "QUEUED",
    "STARTED",
    "ENDED",
    "RESULT",
    "WORKER",
    "REASON",
)
CHANGE_TITLES = ("AT", "STEP", "NAME", "WHAT", "ATTEMPT", "DETAIL")


def _about(view: WorkflowView) -> Iterable[tuple[str, str]]:
    yield "workflow", view.id
    yield "state", view.state.value
    yield "created", moment(view.created)
    if view.ended is not None:
        yield "ended", f"{moment(view.ended)}, after {duration(view.created, view.ended)}"
    if view.output is not None:
        yield "output", json.dumps(view.output, ensure_ascii=False)
    for reason in view.reasons:
        yield "reason", reason


def _row(
    step: StepView, view: WorkflowView, flow: Flow, waits: Mapping[int, Sequence[WaitView]]
) -> tuple[str, ...]:
    return (
        str(step.index),
        step.name,
        step.state.value,
        str(step.attempts) if step.attempts else "",
        "" if step.state == "queued" else moment(step.started),
        duration(step.started, step.ended),
        "; ".join(filter(None, (step.reason, _about_step(step, view, flow, waits), step.note))),
    )


def _about_step(
    step: StepView, view: WorkflowView, flow: Flow, waits: Mapping[int, Sequence[WaitView]]
) -> str:
    """The event before which the step does not go on; empty if it waits for none."""
    found = waits.get(step.index, ())
    if found:
        more = f" (and {len(found) - 1} more of it)" if len(found) > 1 else ""
        return found[0].sentence + more
    if not step.waiting or view.state.ended:
        return ""
    sources = flow[step.index].predecessors
    missing = [f"{i} ({view.steps[i].name})" for i in sources if not view.steps[i].state.over]
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    steps = f": waits for {', '.join(missing[:SHOWN])}{more}" if missing else ""
    return f"has {step.waiting} of {flow[step.index].threshold} inputs{steps}"


def _named(attempt: AttemptView, view: WorkflowView) -> tuple[str, str, str]:
    return (
        f"{attempt.index}@{attempt.scope}" if attempt.scope else str(attempt.index),
        view.steps[attempt.index].name,
        f"{attempt.activation}.{attempt.number}",
    )


def _traceback(attempt: AttemptView, view: WorkflowView) -> str:
    """Under a line that says whose it is; a task may have put anything into it."""
    index, name, number = _named(attempt, view)
    lines = (printable(line) for line in attempt.traceback.rstrip("\n").split("\n"))
    return "\n".join([f"step {index} ({printable(name)}), attempt {number}:", *lines])


def _attempt(attempt: AttemptView, view: WorkflowView) -> tuple[str, ...]:
    return (
        *_named(attempt, view),
        moment(attempt.queued),
        moment(attempt.started),
        moment(attempt.ended),
        attempt.result,
        attempt.worker,
        attempt.reason,
    )


def _changes(trace: Iterable[TraceEntry], view: WorkflowView) -> Iterable[tuple[str, ...]]:
    for entry in trace:
        index = entry.field.partition("@")[0]
        name = view.steps[int(index)].name if index else ""
        tried = f"{entry.activation}.{entry.attempt}" if entry.activation else ""
        yield moment(entry.at), entry.field, name, entry.what, tried, printable(entry.detail)
