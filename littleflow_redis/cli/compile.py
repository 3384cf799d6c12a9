"""``compile``: check workflow files, and show what they compile to."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .failures import clean_errors
from .files import as_data, runnable_file, shown_name

if TYPE_CHECKING:
    from littleflow_redis.language import Flow, Step


@click.command(name="compile")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print each flow as one line of JSON.")
@click.option(
    "--errors",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the errors on stderr; json: one line for each file.",
)
@clean_errors
def command(files: Sequence[str], as_json: bool, errors: str) -> None:
    """Compile workflow files (`-`: standard input) without running them.

    Reports the errors of all files, and exits with 1 if there are any. --json prints the form of
    littleflow's Flow.save(), {"F": matrix, "T": [[class, fields], ...]}, one document a line. A
    third member "X" has the parts that littleflow cannot express.
    """
    from littleflow_redis.language import FlowError, save

    failed = False
    for name in files:
        try:
            flow = runnable_file(name)
        except FlowError as error:
            failed = True
            shown = json.dumps(as_data(name, error)) if errors == "json" else str(error)
            click.echo(shown, err=True)
            continue
        file = shown_name(name)
        for warning in flow.warnings:
            click.echo(f"{file}:{warning}", err=True)
        click.echo(json.dumps(save(flow, text=False)) if as_json else _as_table(file, flow))
    sys.exit(1 if failed else 0)


def _as_table(file: str, flow: Flow) -> str:
    from littleflow_redis.events.event_codec import printable

    from .tables import table

    title = f"{file}: {flow.name or 'a flow without a name'}, {len(flow)} steps"
    about = [title] if flow.doc is None else [title, printable(flow.doc.strip())]
    rows = [("STEP", "KIND", "NAME", "AFTER", "WITH"), *map(_row, flow.steps)]
    return "\n".join([*about, table(rows), ""])


def _row(step: Step) -> tuple[str, str, str, str, str]:
    name = step.name if step.base == step.name else f"{step.name} = {step.base}"
    after = " ".join(map(str, step.predecessors))
    return str(step.index), step.kind.value, name or step.uri, after, _with(step)


def _with(step: Step) -> str:
    """Everything about a step that its place in the graph does not tell."""
    words = ["merge"] if step.merge else []
    words += ["for each item"] if step.iterate else []
    words += [f"if {step.guard}"] if step.guard else []
    for value in (step.parameters, dict(step.options), step.value):
        words += [json.dumps(value, ensure_ascii=False)] if value else []
    return ", ".join(words)
