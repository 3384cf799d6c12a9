"""Options of a bridge about its pace: what it reads, publishes, looks for and revokes, and when."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from littleflow_redis.bridges.broker.terminate_signals import SIGNALS

if TYPE_CHECKING:
    from littleflow_redis.bridges.broker.admission import PublishRate

Command = TypeVar("Command", bound=Callable[..., Any])

PACE = ("sweep", "batch", "max_in_flight", "rate", "revoke_for", "terminate_signal")


def pace_options(command: Command) -> Command:
    """Add the options; the command is handed ``pace``, fields of ``BridgeSettings`` by name."""

    @functools.wraps(command)
    def with_pace(**options: Any) -> Any:
        pace = {name: options.pop(name) for name in PACE}
        return command(pace=pace, **options)

    for option in reversed(_OPTIONS):
        with_pace = option(with_pace)
    return with_pace  # type: ignore[return-value]


class RateType(click.ParamType):  # type: ignore[type-arg] # generic from click 8.4 on only
    """``100/s``."""

    name = "RATE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> PublishRate:
        """Read it, or say how it is written."""
        from littleflow_redis.bridges.broker.admission import PublishRate

        try:
            return PublishRate.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_OPTIONS = (
    click.option(
        "--sweep",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Time between two searches for stored results."
        "  [default: 5; 1 if the result backend publishes none]",
    ),
    click.option(
        "--batch",
        type=click.IntRange(1, 1000),
        default=256,
        show_default=True,
        help="Events read at once.",
    ),
    click.option(
        "--max-in-flight",
        type=click.IntRange(min=0),
        default=10_000,
        show_default=True,
        help="Tasks of a category that may be with Celery, all its bridges together; 0: any number."
        " The rest waits in the stream.",
    ),
    click.option(
        "--rate",
        type=RateType(),
        help="Tasks of a category published in a time, all its bridges together: 100/s, 30/m, 5/h."
        "  [default: as fast as can be]",
    ),
    click.option(
        "--revoke-for",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        default=600,
        show_default=True,
        help="Time for which unwanted tasks are revoked, unless they end before.",
    ),
    click.option(
        "--terminate-signal",
        type=click.Choice(SIGNALS),
        help="End unwanted tasks that run, by this signal to their process; prefork pools only. It"
        " may hit another task that the process has begun meanwhile."
        "  [default: they run on]",
    ),
)
