"""``bridge``: serves steps with the tasks of a Celery app."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .failures import clean_errors
from .files import compile_file
from .options import CommandSettings, connection_options
from .parameters import client_of
from .serving import serving_of, serving_options

if TYPE_CHECKING:
    from .serving import ServingOptions


@click.command(name="bridge")
@click.option("-A", "--app", required=True, help="Celery app, as for `celery -A`.")
@serving_options
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="CATEGORY:KEY=VALUE",
    help="retry, timeout, queue-timeout, on-lost, bind or celery.OPTION for steps of a category "
    "that set none; repeatable.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='TOML file with tables [categories.NAME] and [tasks."STEP"] of the same.',
)
@click.option(
    "--explain",
    metavar="STEP|FILE",
    multiple=True,
    help="Show the call of a step such as math:add, or of each step of a workflow file, and end; "
    "repeatable.",
)
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    app: str,
    defaults: tuple[str, ...],
    config: Path | None,
    explain: tuple[str, ...],
    **options: Any,
) -> None:
    """Publish the steps of some categories as tasks of a Celery app, and report their ends.

    The tasks run in the app's own workers, which run as always. Any number of bridges may serve a
    category; they share the work. Ctrl-C ends one when the work that it has begun is done, a second
    Ctrl-C at once.

    A step's own parameters win over these options, these over --config, --config over the app's
    own app.conf.littleflow. Options of a task win over those of its category.
    """
    from littleflow_redis.workers.process_main import run_worker

    serving = serving_of(app, defaults, config, **options)
    if explain:
        click.echo("\n".join(_explained(serving, explain)), nl=False)
        return
    run_worker(serving.bridge(client_of(settings)), "bridge", **serving.about)


def _explained(serving: ServingOptions, words: Sequence[str]) -> Iterator[str]:
    from littleflow_redis.bridges.calls.explain import explained
    from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
    from littleflow_redis.language import StepKind
    from littleflow_redis.tasks.coming import Standing

    served = serving.served
    about = (served.app, served.names, served.rules, served.categories)
    for word in words:
        if not Path(word).is_file():
            yield explained(*about, word)
            continue
        flow = compile_file(word)
        for step in flow.steps:
            if step.kind is StepKind.TASK and step.category not in BUILTIN_CATEGORIES:
                yield explained(*about, step.base, Standing(flow, step))
