"""``list``: filters, orders, and going on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from littleflow_redis import Client

from .conftest import Command


@pytest.fixture
def ids(command: Command, engine: Client) -> object:
    for number in range(6):
        engine.start("@flow orders\nA", workflow_id=f"orders-{number}")
    engine.start("@flow bills\nA", workflow_id="b")
    for id in ("orders-1", "orders-4", "b"):
        engine.terminate(id)

    def ids(*args: object) -> list[str]:
        result = command("list", *args)
        assert result.exit_code == 0, result.output
        return [
            line.split()[0].removeprefix("workflow:") for line in result.stdout.splitlines()[1:]
        ]

    return ids


def test_filters_and_orders(ids: object, engine: Client) -> None:
    assert callable(ids)
    assert ids("--state", "terminated", "--name", "orders") == ["orders-4", "orders-1"]
    assert ids("--state", "TERMINATED", "--state", "FINISHED", "--search", "B") == ["b"]
    assert ids("--sort", "ended", "--name", "orders") == ["orders-1", "orders-4"]
    assert ids("--since", "1h", "--name", "b*") == ["b"]
    assert ids("--until", "1h") == []
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert ids("--since", soon) == []
    assert len(ids("--until", soon)) == 7


def test_what_is_no_time(command: Command) -> None:
    result = command("list", "--since", "yesterday")
    assert result.exit_code == 2
    assert "'yesterday' is no time: use 2026-01-31T12:00, or 2h for two hours ago" in result.stderr


def test_going_on_with_a_filter_that_few_pass(command: Command, engine: Client) -> None:
    for number in range(5):
        engine.start("@flow odd\nA" if number % 2 else "A", workflow_id=f"w{number}")
    first = command("list", "--name", "odd", "--size", 1)
    assert "workflow:w3" in first.stdout
    cursor = re.search(r"--after (\S+)", first.stderr)
    assert cursor
    second = command("list", "--name", "odd", "--size", 1, "--after", cursor[1])
    assert "workflow:w1" in second.stdout
    bad = command("list", "--after", "nonsense")
    assert bad.exit_code == 1
    assert "this is no cursor" in bad.stderr
