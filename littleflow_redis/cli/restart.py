"""``restart``: go on with workflows that stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from littleflow_redis.engine.model.json_values import ABSENT

from .bulk_selection import act_on, which_options
from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import JSON, client_of


@click.command(name="restart")
@which_options
@click.option("--all", "everything", is_flag=True, help="Restart tasks that still run, too.")
@click.option(
    "--from",
    "from_steps",
    metavar="STEP",
    multiple=True,
    help="A step, by index or name, that begins anew with all that follows; may be repeated.",
)
@click.option(
    "--input",
    "input_",
    type=JSON,
    default=ABSENT,
    help="With one --from: the input of that step.  [default: the outputs of the steps before]",
)
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    workflows: Sequence[str],
    everything: bool,
    from_steps: Sequence[str],
    input_: Any,
    **which: Any,
) -> None:
    """Restart workflows that FAILED or were TERMINATED; print each one's state.

    Steps that failed or were cancelled start again; steps that had ended are not run twice. With
    --from the steps named begin anew, with all that follows from them, also in a workflow that
    FINISHED. Name the workflows, or select them by the options of `list`.
    """
    if input_ is not ABSENT and len(from_steps) != 1:
        raise click.UsageError("--input is the input of one step: name it by --from")
    client = client_of(settings)

    def restart(workflow: str) -> str:
        state = client.restart(workflow, all=everything, from_steps=from_steps, input=input_)
        return f"{client.keys.full_id(workflow)} {state}"

    act_on(client, workflows, restart, **which)
