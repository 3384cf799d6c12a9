"""Parameter types of the commands, and the client that their options describe."""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client

    from .options import CommandSettings


class Json(click.ParamType):  # type: ignore[type-arg] # generic from click 8.4 on only
    """A JSON value: as text, ``@file``, or ``@-`` for standard input."""

    name = "JSON|@FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the value; a usage error says what is wrong with it. A default stays as it is."""
        from littleflow_redis.engine.model import json_values

        if not isinstance(value, str):
            return value

        try:
            return json_values.load(_text(value))
        except json_values.BadValue as error:
            self.fail(f"{error} (as text it needs its quotes: '\"text\"')", param, ctx)
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{value.removeprefix('@')} cannot be read: {error}", param, ctx)


JSON = Json()


class Duration(click.ParamType):  # type: ignore[type-arg] # generic from click 8.4 on only
    """A time span in seconds: a number, or text such as ``7d``, ``1h30m`` or ``90s``."""

    name = "DURATION"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the time span; a usage error says what it may look like."""
        from littleflow_redis.language import BadOption, seconds

        try:
            return seconds(float(value) if value.replace(".", "", 1).isdecimal() else value)
        except BadOption as error:
            self.fail(f"{value!r} {error}", param, ctx)


DURATION = Duration()


class Moment(click.ParamType):  # type: ignore[type-arg] # generic from click 8.4 on only
    """A time: ISO 8601, UTC without a zone, or how long ago (``2h``)."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the time; a usage error says what it may look like."""
        if isinstance(value, datetime):
            return value
        with contextlib.suppress(ValueError):
            at = datetime.fromisoformat(value)
            return at.replace(tzinfo=at.tzinfo or UTC)
        try:
            return datetime.now(UTC) - timedelta(seconds=DURATION.convert(value, param, ctx))
        except (click.BadParameter, OverflowError):
            hint = "use 2026-01-31T12:00, or 2h for two hours ago"
            self.fail(f"{value!r} is no time: {hint}", param, ctx)


MOMENT = Moment()


def _text(value: str) -> str:
    if not value.startswith("@"):
        return value
    name = value.removeprefix("@")
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


def client_of(settings: CommandSettings, **keys: str) -> Client:
    """The client of a command; ``keys`` are names that other options set. Sends nothing yet."""
    from littleflow_redis.engine.client import Client
    from littleflow_redis.engine.store.keys import Keys
    from littleflow_redis.events.connection import connect

    names = Keys(namespace=settings.namespace, stream=settings.stream, **keys)
    return Client(redis=connect(settings.connection), keys=names)
