"""``bridge``: serves steps with the tasks of a Celery app."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .defaults import file_settings, option_settings
from .failures import clean_errors
from .options import Settings, connection_options
from .pace import pace_options
from .parameters import DURATION, client_of

if TYPE_CHECKING:
    from littleflow_redis.engine.settings import Settings as LayerOfSettings


class Mapped(click.ParamType):  # type: ignore[type-arg] # generic from click 8.4 on only
    """``BASE=TASK``."""

    name = "BASE=TASK"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first ``=``."""
        base, _, task = value.partition("=")
        if not base or not task:
            self.fail(f"{value!r}: write it as in math:add=proj.tasks.add", param, ctx)
        return base, task


def times_of(
    categories: Sequence[str], timeout: float | None, queue_timeout: float | None
) -> LayerOfSettings:
    """What ``--timeout`` and ``--queue-timeout`` set, in seconds, for these categories."""
    from littleflow_redis.engine.settings import Settings as LayerOfSettings
    from littleflow_redis.engine.settings import read_table

    given = {"timeout": timeout, "queue-timeout": queue_timeout}
    named = {name: value for name, value in given.items() if value is not None}
    where = " ".join(f"--{name}" for name in named)
    return LayerOfSettings(
        where,
        {category: read_table("categories", category, named, where) for category in categories},
    )


@click.command(name="bridge")
@click.option("-A", "--app", required=True, help="Celery app, as for `celery -A`.")
@click.option(
    "--category",
    "categories",
    multiple=True,
    help="Category to serve, '' for steps without one; repeatable."
    "  [default: '' and the app's name]",
)
@click.option(
    "--map",
    "mapping",
    type=Mapped(),
    multiple=True,
    help="The task that serves a step, as in math:add=proj.tasks.add; repeatable.",
)
@click.option(
    "--timeout",
    type=DURATION,
    help="An attempt in these categories that takes longer has failed; counted from publishing."
    "  [default: no limit]",
)
@click.option(
    "--queue-timeout",
    type=DURATION,
    help="An attempt that no Celery worker begins in this time is published anew."
    "  [default: no limit]",
)
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="CATEGORY:KEY=VALUE",
    help="retry, timeout, queue-timeout, bind or celery.OPTION for steps of a category that say "
    "none; repeatable.",
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    metavar="STEP:KEY=VALUE",
    help="bind, celery.OPTION or task for one step, as in math:add:bind=whole; repeatable.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='TOML file with tables [categories.NAME] and [tasks."STEP"] of the same.',
)
@click.option(
    "--explain",
    metavar="STEP",
    multiple=True,
    help="Show how a step such as math:add would be called, and end; repeatable.",
)
@pace_options
@connection_options
@clean_errors
def command(
    settings: Settings,
    app: str,
    categories: tuple[str, ...],
    mapping: tuple[tuple[str, str], ...],
    timeout: float | None,
    queue_timeout: float | None,
    defaults: tuple[str, ...],
    tasks: tuple[str, ...],
    config: Path | None,
    explain: tuple[str, ...],
    pace: dict[str, Any],
) -> None:
    """Publish the steps of some categories as tasks of a Celery app, and tell how they ended.

    The tasks run in the app's own workers, which run as always. Any number of bridges may serve a
    category; they share the work. Ctrl-C ends one when the work in hand is done, a second Ctrl-C at
    once.

    What a step says itself wins over these options, these over --config, that over the app's own
    app.conf.littleflow; what is set for a task wins over what is set for its category.
    """
    from littleflow_redis.bridges.app import app_prefixes, load_app
    from littleflow_redis.bridges.bridge import LOG, Bridge, served_categories, warn_about
    from littleflow_redis.bridges.doctor import Subject, warn_at_start
    from littleflow_redis.bridges.explain import explained
    from littleflow_redis.bridges.names import TaskNames
    from littleflow_redis.bridges.rules import Rules, app_settings
    from littleflow_redis.workers.running import run_worker

    celery = load_app(app)
    served = served_categories(celery, categories)
    layers = [
        option_settings(defaults, tasks),
        times_of(served, timeout, queue_timeout),
        *([file_settings(config)] if config else []),
        app_settings(celery),
    ]
    rules = Rules(layers)
    names = TaskNames(celery.tasks, app_prefixes(celery, app), rules.mapping | dict(mapping))
    rules.check(celery, names, served)
    if explain:
        texts = [explained(celery, names, rules, served, step) for step in explain]
        click.echo("\n".join(texts), nl=False)
        return
    bridge = Bridge(
        client_of(settings),
        celery,
        served,
        names,
        rules=rules,
        **pace,
    )
    warn_about(celery)
    warn_at_start(Subject(client_of(settings), celery, served, names), LOG)
    shown = ",".join(category or "''" for category in served)
    run_worker(bridge, "bridge", app=app, categories=shown, tasks=len(names.tasks))
