"""The connection options that commands share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from littleflow_redis.cli.options import CommandSettings, connection_options
from littleflow_redis.events.connection import ConfigurationError

seen: list[CommandSettings] = []


@click.command()
@click.option("--twice", is_flag=True)
@connection_options
def command(settings: CommandSettings, twice: bool) -> None:
    """Remember what it was called with."""
    seen.extend([settings] * (1 + twice))
    if settings.namespace == "bad":
        raise ConfigurationError("not so; set LITTLEFLOW_NAMESPACE")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HOST", "PORT", "USERNAME", "PASSWORD", "URL"):
        monkeypatch.delenv(f"REDIS_{name}", raising=False)
    handlers, level = logging.root.handlers[:], logging.root.level
    seen.clear()
    yield
    logging.root.handlers[:], logging.root.level = handlers, level


def call(*args: str, **env: str) -> CommandSettings:
    result = CliRunner().invoke(command, args, env=env, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return seen[-1]


def test_the_defaults_are_those_of_upstream() -> None:
    settings = call()
    assert settings.connection.host == "0.0.0.0"  # noqa: S104
    assert settings.connection.port == 6379
    assert settings.connection.username is None
    assert settings.stream == "workflows:run"
    assert settings.namespace == ""


def test_the_environment_is_read() -> None:
    settings = call(REDIS_HOST="redis.test", REDIS_PORT="7000", REDIS_PASSWORD="secret")
    assert settings.connection.host == "redis.test"
    assert settings.connection.port == 7000
    assert settings.connection.password == "secret"


def test_options_win_over_the_environment() -> None:
    settings = call("--host", "b", "--port", "1", REDIS_HOST="a", REDIS_URL="redis://c")
    assert (settings.connection.host, settings.connection.port) == ("b", 1)
    assert settings.connection.url is None


def test_stream_and_namespace() -> None:
    settings = call("--stream", "s", LITTLEFLOW_NAMESPACE="n:")
    assert (settings.stream, settings.namespace) == ("s", "n:")


def test_the_command_keeps_its_own_options() -> None:
    call("--twice")
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("env", "hint"),
    [
        ({"REDIS_PORT": "many"}, "REDIS_PORT"),
        ({"REDIS_URL": "ftp://x"}, "REDIS_URL"),
        ({"LITTLEFLOW_NAMESPACE": "bad"}, "set LITTLEFLOW_NAMESPACE"),
    ],
)
def test_misconfiguration_is_one_line_and_a_failure(env: dict[str, str], hint: str) -> None:
    result = CliRunner().invoke(command, env=env)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert hint in result.output


def test_the_log_level_comes_from_option_or_environment() -> None:
    call(LOG_LEVEL="warning")
    assert logging.root.level == logging.WARNING
    call("--log-level", "DEBUG", LOG_LEVEL="warning")
    assert logging.root.level == logging.DEBUG
