"""``worker --default`` and ``--config``."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from littleflow_redis.cli.defaults import defaults_of, option_settings
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


def test_a_worker_takes_from_a_bridge_s_file_what_is_for_the_engine(tmp_path: Path) -> None:
    config = tmp_path / "all.toml"
    config.write_text("""
        [categories.math]
        bind = "whole"
        timeout = 7
        [categories.text.celery]
        queue = "slow"
        [tasks."math:add"]
        bind = "none"
    """)
    assert defaults_of(config, []) == {"math": {"$timeout": 7}}


def test_options_with_dots_are_tables() -> None:
    texts = ["math:celery.queue=slow", "math:celery.priority=3", "math:bind=whole"]
    found = option_settings(texts, ["math:add:celery.headers.tenant=7", "a.b.add:task=c.add"])
    assert found.categories == {
        "math": {"$celery": {"queue": "slow", "priority": 3}, "$bind": "whole"}
    }
    assert found.tasks == {
        "math:add": {"$celery": {"headers": {"tenant": 7}}},
        "a.b.add": {"task": "c.add"},
    }


@pytest.mark.parametrize("text", ["math:add", "math:add:=3", "bind=whole", "math:"])
def test_a_bad_task_option_says_how_to_write_it(text: str) -> None:
    with pytest.raises(click.ClickException, match="write STEP:KEY=VALUE"):
        option_settings([], [text])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("math:celery.queu=slow", "did you mean queue?"),
        ("math:add:timeout=3", "'math:add' is no category"),
        ("math:timeot=30", "did you mean timeout?"),
        ("math:timeout=soon", "timeout needs a time"),
        ('math:retry={"limits":1}', "needs limit"),
        ("math:concurrency=2", "there are: retry, timeout, queue-timeout, on-lost, bind, celery"),
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
        ("[categories.'a:b']\ntimeout = 3", "categories.\"a:b\": 'a:b' is no category"),
        ("[tasks.'a:b']\ntimeout = 3", 'tasks."a:b": timeout cannot be set for a task'),
        ("[tasks.'a:b']\ntimeout = 3", "set it for its category"),
        ("[tasks.'a:b']\ntask = 3", "task needs the name of a Celery task"),
        ("[tasks.x]\nbind = 'hole'", "did you mean whole?"),
        ("tasks = 3", "needs tables"),
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
