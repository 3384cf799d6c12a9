"""Errors as the command line shows them: a sentence on stderr and exit code 1, no traceback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from .options import CommandSettings

Command = TypeVar("Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """Ends a command with its message, as it is: compilers begin theirs with ``file:line``."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message."""
        click.echo(self.message, err=file is None, file=file)


def clean_errors(command: Command) -> Command:
    """Turn what can go wrong in a command into a sentence; what is a bug keeps its traceback."""

    @functools.wraps(command)
    def cleaned(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except Exception as error:
            sentence = _sentence(error, options.get("settings"))
            if sentence is None:
                raise
            raise Failure(sentence) from error

    return cleaned  # type: ignore[return-value]


def _sentence(error: Exception, settings: CommandSettings | None) -> str | None:
    from redis.exceptions import RedisError

    from littleflow_redis.engine.model.errors import LittleflowError
    from littleflow_redis.engine.model.json_values import BadValue
    from littleflow_redis.language import FlowError

    match error:
        case FlowError() | LittleflowError() | BadValue():
            return str(error)
        case UnicodeDecodeError():
            return f"Error: this is not UTF-8 text: {error}"
        case RedisError():
            return _redis_sentence(error, settings)
        case BrokenPipeError():
            # Whoever reads has read enough, as `head` does: click ends the command in silence.
            return None
        case OSError():
            name = f"{error.filename}: " if error.filename else ""
            return f"Error: {name}{error.strerror or error}"
    return None


def _redis_sentence(error: Exception, settings: CommandSettings | None) -> str:
    from redis.exceptions import AuthenticationError, ConnectionError, RedisError, TimeoutError

    from littleflow_redis.events.cluster import is_of_cluster, sentence

    where = f"Redis at {settings.connection.address}" if settings else "Redis"
    if isinstance(error, RedisError) and is_of_cluster(error):
        return f"Error: {sentence(where.removeprefix('Redis at '))}"
    match error:
        case AuthenticationError():
            return (
                f"Error: {where} refuses the credentials ({error}): set REDIS_USERNAME and "
                "REDIS_PASSWORD"
            )
        case ConnectionError() | TimeoutError():
            return (
                f"Error: {where} cannot be reached ({error}): start it, or set REDIS_HOST and "
                "REDIS_PORT, or REDIS_URL"
            )
    return f"Error: {where} answers: {error}"
