"""``worker``: the lifecycle worker."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path

import click

from .defaults import defaults_of
from .failures import clean_errors
from .options import CommandSettings, connection_options
from .parameters import DURATION, client_of

LOG = logging.getLogger("littleflow_redis.worker")


#: For whoever knows `worker -A` from a version before the first release.
_NO_APP = (
    "`worker` serves no Celery app. Serve its steps inside the Celery worker: "
    "`celery -A {app} worker -I littleflow_redis.steps`, which needs no other process; "
    "or run `worker` and `bridge -A {app}` side by side"
)


class WorkerCommand(click.Command):
    """Names the successor of `worker -A`, whichever option of it comes first."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as usual. Raises UsageError if there is an app."""
        for option, after in pairwise([*args, "tasks"]):
            name, equals, value = option.partition("=")
            if name == "--app":
                raise click.UsageError(_NO_APP.format(app=value if equals else after), ctx)
            if option.startswith("-A"):
                raise click.UsageError(_NO_APP.format(app=option[2:] or after), ctx)
        return super().parse_args(ctx, args)


@click.command(name="worker", cls=WorkerCommand)
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
    help="retry, timeout, queue-timeout or on-lost for steps of a category that set none; "
    "repeatable.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file with tables [categories.NAME] of such defaults.",
)
@connection_options
@clean_errors
def command(
    settings: CommandSettings,
    group: str,
    lifecycle_group: str | None,  # noqa: ARG001 - upstream's option
    workflows: str,
    inprogress: str,
    issuer: str | None,
    retain: float | None,
    retain_failed: float | None,
    defaults: tuple[str, ...],
    config: Path | None,
) -> None:
    """Advance workflows as their tasks end, and run built-in tasks.

    Any number of workers may run side by side; they share the work. Ctrl-C ends one when the work
    that it has begun is done, a second Ctrl-C at once. Use the same KEY with every command.

    Without --retain and --retain-failed workflows are kept until somebody deletes them. A workflow
    that runs is never deleted.

    Defaults of categories are kept in Redis for all workers: the worker that started last with a
    category sets them. `--default CATEGORY:` removes those of a category.
    """
    from littleflow_redis.events.logs import kv
    from littleflow_redis.workers.lifecycle import LifecycleWorker
    from littleflow_redis.workers.process_main import run_worker
    from littleflow_redis.workers.retention import by_state

    if issuer is not None:
        LOG.warning(kv("issuer-unused", reason="request tasks are not run by this version yet"))
    by_category = defaults_of(config, defaults)
    client = client_of(settings, workflows=workflows, inprogress=inprogress)
    retained = by_state(retain, retain_failed)
    worker = LifecycleWorker(client, group=group, retain=retained, defaults=by_category)
    run_worker(worker, "worker", group=group, stream=client.keys.events)
