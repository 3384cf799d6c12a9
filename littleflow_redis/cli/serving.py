"""The options that say which steps a Celery app serves, and how: those of `bridge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .defaults import file_settings, option_settings
from .parameters import DURATION
from .rate_options import pace_options

if TYPE_CHECKING:
    from littleflow_redis.bridges.bridge import Bridge
    from littleflow_redis.bridges.broker.bridge_settings import BridgeSettings
    from littleflow_redis.bridges.calls.served_app import ServedApp
    from littleflow_redis.engine.client import Client
    from littleflow_redis.engine.store.settings import Settings as LayerOfSettings

Command = TypeVar("Command", bound=Callable[..., Any])


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


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """A loaded app, and the settings of its bridge; ``name`` is what was given to ``-A``."""

    name: str
    served: ServedApp
    settings: BridgeSettings

    @property
    def about(self) -> dict[str, object]:
        """Its text in the log."""
        shown = ",".join(category or "''" for category in self.served.categories)
        return {"app": self.name, "categories": shown, "tasks": len(self.served.names.tasks)}

    def bridge(self, client: Client) -> Bridge:
        """The bridge, once what its app and servers may lose is logged."""
        from littleflow_redis.bridges.bridge import LOG, Bridge, warn_about
        from littleflow_redis.bridges.doctor import Subject, warn_at_start

        served = self.served
        bridge = Bridge(client, served, self.settings)
        warn_about(served.app)
        subject = Subject(client, served.app, served.categories, served.names, self.name)
        warn_at_start(subject, LOG)
        return bridge


def serving_of(
    app: str,
    defaults: Sequence[str],
    config: Path | None,
    *,
    categories: Sequence[str],
    mapping: Sequence[tuple[str, str]],
    timeout: float | None,
    queue_timeout: float | None,
    tasks: Sequence[str],
    pace: dict[str, Any],
) -> ServingOptions:
    """Load the app, and put together what the options say. Raises ConfigurationError."""
    from littleflow_redis.bridges.app import app_prefixes, load_app
    from littleflow_redis.bridges.bridge import served_categories
    from littleflow_redis.bridges.broker.bridge_settings import BridgeSettings
    from littleflow_redis.bridges.calls.call_options import CallOptions, app_settings
    from littleflow_redis.bridges.calls.served_app import ServedApp
    from littleflow_redis.bridges.calls.task_lookup import TaskLookup

    celery = load_app(app)
    served = served_categories(celery, app, categories)
    layers = [
        option_settings(defaults, tasks),
        times_of(served, timeout, queue_timeout),
        *([file_settings(config)] if config else []),
        app_settings(celery),
    ]
    rules = CallOptions(layers)
    names = TaskLookup(celery.tasks, app_prefixes(celery, app), rules.mapping | dict(mapping))
    return ServingOptions(app, ServedApp(celery, served, names, rules), BridgeSettings(**pace))


def times_of(
    categories: Sequence[str], timeout: float | None, queue_timeout: float | None
) -> LayerOfSettings:
    """The values of ``--timeout`` and ``--queue-timeout``, in seconds, for these categories."""
    from littleflow_redis.engine.store.settings import Settings as LayerOfSettings
    from littleflow_redis.engine.store.settings import read_table

    given = {"timeout": timeout, "queue-timeout": queue_timeout}
    named = {name: value for name, value in given.items() if value is not None}
    where = " ".join(f"--{name}" for name in named)
    return LayerOfSettings(
        where,
        {category: read_table("categories", category, named, where) for category in categories},
    )


def serving_options(command: Command) -> Command:
    """Add the options that say which steps are served, and how; for ``serving_of``."""
    command = pace_options(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--category",
        "categories",
        multiple=True,
        help="Category to serve, '' for steps without one; repeatable."
        "  [default: '', the app's name, its module]",
    ),
    click.option(
        "--map",
        "mapping",
        type=Mapped(),
        multiple=True,
        help="The task that serves a step, as in math:add=proj.tasks.add; repeatable.",
    ),
    click.option(
        "--timeout",
        type=DURATION,
        help="An attempt in these categories that takes longer has failed; counted from publishing."
        "  [default: no limit]",
    ),
    click.option(
        "--queue-timeout",
        type=DURATION,
        help="An attempt that no Celery worker begins in this time is published anew."
        "  [default: no limit]",
    ),
    click.option(
        "--task",
        "tasks",
        multiple=True,
        metavar="STEP:KEY=VALUE",
        help="bind, celery.OPTION or task for one step, as in math:add:bind=whole; repeatable.",
    ),
)
