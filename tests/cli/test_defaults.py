"""``worker --default`` and ``--config``."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from littleflow_redis.cli.defaults import defaults_of
from tests.cli.conftest import Command

TOML = """
[categories.math]
timeout = "30s"
queue-timeout = "5m"
retry = {limit = 3, delay = 5}

[categories.""]
timeout = 60
"""


def test_options_win_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "worker.toml"
    config.write_text(TOML)
    assert defaults_of(config, ["math:timeout=1m", "text:retry=2", ":"]) == {
        "math": {"$timeout": 60, "$queue-timeout": 300, "$retry": {"limit": 3, "delay": 5}},
        "": {},
        "text": {"$retry": {"limit": 2}},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("math:timeot=30", "did you mean timeout?"),
        ("math:timeout=soon", "timeout needs a time"),
        ('math:retry={"limits":1}', "needs limit"),
        ("math:concurrency=2", "there are: retry, timeout, queue-timeout"),
        ("math", "write CATEGORY:KEY=VALUE"),
        ("timeout=3", "write CATEGORY:KEY=VALUE"),
    ],
)
def test_a_bad_default_ends_the_command(command: Command, text: str, told: str) -> None:
    result = command("worker", "--default", text)
    assert result.exit_code == 1
    assert told in result.stderr
    assert text in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[categories.math]\ntimeot = 3", "categories.math: timeot"),
        ("[category.math]\ntimeout = 3", "category is unknown"),
        ("[categories]\nmath = 3", "categories.math needs a table"),
        ("categories = 3", "needs tables"),
        ("[", "cannot be read"),
    ],
)
def test_a_bad_file_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    config = tmp_path / "worker.toml"
    config.write_text(text)
    with pytest.raises(click.ClickException, match=r"worker\.toml") as caught:
        defaults_of(config, [])
    assert told in caught.value.message


def test_a_missing_file_ends_the_command(command: Command, tmp_path: Path) -> None:
    result = command("worker", "--config", tmp_path / "none.toml")
    assert result.exit_code == 1
    assert "none.toml" in result.stderr
