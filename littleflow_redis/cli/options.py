"""Options shared by the commands that talk to Redis.

::

    @click.command
    @connection_options
    def command(settings: Settings) -> None:
        redis = connect(settings.connection)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from littleflow_redis.events.connection import ConnectionSettings

Command = TypeVar("Command", bound=Callable[..., Any])

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """The shared options: where Redis is, and which part of it is ours."""

    connection: ConnectionSettings
    #: Name of the event stream, without the namespace.
    stream: str
    #: Prefix of every key; empty for none.
    namespace: str


def connection_options(command: Command) -> Command:
    """Add the connection options and ``--log-level``; the command is handed ``settings``.

    Logging is set up before the command runs. What no option says comes from the environment. A
    ``ConfigurationError`` ends the command with its message and exit code 1.
    """

    @functools.wraps(command)
    def with_settings(
        host: str | None,
        port: int | None,
        username: str | None,
        password: str | None,
        url: str | None,
        stream: str,
        namespace: str,
        log_level: str,
        **options: Any,
    ) -> Any:
        from littleflow_redis.events.connection import ConfigurationError, ConnectionSettings
        from littleflow_redis.events.logs import configure_logging

        configure_logging(log_level)
        try:
            connection = ConnectionSettings.from_environment(
                host=host, port=port, username=username, password=password, url=url
            )
            return command(settings=CommandSettings(connection, stream, namespace), **options)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error

    for option in reversed(_OPTIONS):
        with_settings = option(with_settings)
    return with_settings  # type: ignore[return-value]


_OPTIONS = (
    click.option("--host", help="Redis host.  [env: REDIS_HOST; default: 0.0.0.0]"),
    click.option("--port", type=int, help="Redis port.  [env: REDIS_PORT; default: 6379]"),
    click.option("--username", help="Redis user.  [env: REDIS_USERNAME]"),
    click.option(
        "--password",
        help="Redis password; safer in the environment, where `ps` does not show it."
        "  [env: REDIS_PASSWORD]",
    ),
    click.option(
        "--url",
        help="redis://, rediss:// or unix:// URL, in place of the above.  [env: REDIS_URL]",
    ),
    click.option(
        "--stream", default="workflows:run", show_default=True, help="Name of the event stream."
    ),
    click.option(
        "--namespace",
        default="",
        envvar="LITTLEFLOW_NAMESPACE",
        help="Prefix of every key.  [env: LITTLEFLOW_NAMESPACE]",
    ),
    click.option(
        "--log-level",
        type=click.Choice(LOG_LEVELS, case_sensitive=False),
        default="info",
        envvar="LOG_LEVEL",
        show_default=True,
        show_envvar=True,
    ),
)
