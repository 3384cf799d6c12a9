"""``worker``: the lifecycle worker."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from .defaults import defaults_of
from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import DURATION, client_of
from .serving import refuse_serving_options, serving_of, serving_options

LOG = logging.getLogger("littleflow_redis.worker")


@click.command(name="worker")
@click.option("--group", default="ending", show_default=True, help="Consumer group.")
@click.option(
    "--lifecycle-group", hidden=True, help="Accepted as upstream has it; one group does all here."
)
@click.option(
    "--workflows",
    metavar="KEY",
    default="workflows:all",
    show_default=True,
    help="List of all workflows.",
)
@click.option(
    "--inprogress",
    metavar="KEY",
    default="workflows:inprogress",
    show_default=True,
    help="Set of those in progress.",
)
@click.option(
    "--issuer",
    type=click.Path(dir_okay=False),
    envvar="ISSUER",
    show_envvar=True,
    help="Accepted for request tasks, which this version does not run yet.",
)
@click.option(
    "--retain",
    type=DURATION,
    help="Delete workflows this long after they FINISHED or were TERMINATED, such as 7d.",
)
@click.option("--retain-failed", type=DURATION, help="The same for those that FAILED.")
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="CATEGORY:KEY=VALUE",
    help="retry, timeout or queue-timeout for steps of a category that set none; repeatable.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file with tables [categories.NAME] of such defaults.",
)
@click.option(
    "-A", "--app", help="Celery app, as for `celery -A`: serve its steps in this process too."
)
@serving_options
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    app: str | None,
    group: str,
    lifecycle_group: str | None,  # noqa: ARG001 - upstream's option
    workflows: str,
    inprogress: str,
    issuer: str | None,
    retain: float | None,
    retain_failed: float | None,
    defaults: tuple[str, ...],
    config: Path | None,
    **served: Any,
) -> None:
    """Advance workflows as their tasks end, and run built-in tasks.

    Any number of workers may run side by side; they share the work. Ctrl-C ends one when the work
    that it has begun is done, a second Ctrl-C at once. Use the same KEY with every command.

    With -A the process is a bridge as well, and faster than both apart. Its attempts of the
    categories that it serves go to Celery without a trip through the stream, and results come back
    the same way. --config and --default then hold for its steps as they do for `bridge`.

    Without --retain and --retain-failed workflows are kept until somebody deletes them. A workflow
    that runs is never deleted.

    Defaults of categories are kept in Redis for all workers: the worker that started last with a
    category sets them. `--default CATEGORY:` removes those of a category.
    """
    from littleflow_redis.engine.model.states import WorkflowState
    from littleflow_redis.events.logs import kv
    from littleflow_redis.workers.lifecycle import LifecycleWorker
    from littleflow_redis.workers.process_main import run_worker

    if app is None:
        refuse_serving_options()
    if issuer is not None:
        LOG.warning(kv("issuer-unused", reason="request tasks are not run by this version yet"))
    by_category = defaults_of(config, defaults)
    client = client_of(settings, workflows=workflows, inprogress=inprogress)
    limits = {
        WorkflowState.FINISHED: retain,
        WorkflowState.TERMINATED: retain,
        WorkflowState.FAILED: retain_failed,
    }
    retained = {state: limit for state, limit in limits.items() if limit is not None}
    worker = LifecycleWorker(client, group=group, retain=retained, defaults=by_category)
    about = {"group": group, "stream": client.keys.events}
    if app is None:
        run_worker(worker, "worker", **about)
    else:
        # `CATEGORY:` alone is an order to the worker.
        set_here = [text for text in defaults if "=" in text]
        serving = serving_of(app, set_here, config, **served)
        run_worker(serving.bridge(client, worker), "worker", **about, **serving.about)
