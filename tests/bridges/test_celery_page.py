"""docs/celery.md: its app, its flows, its settings and its commands, on a real worker."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import Celery
from celery.app.defaults import DEFAULTS

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.language import compile_text
from tests.support import RedisServer, Spawned

from .serving import LONG, check_once

PAGE = (Path(__file__).parents[2] / "docs" / "celery.md").read_text("utf-8")


def block(kind: str, number: int = 0) -> str:
    found: list[str] = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.M | re.S)
    return found[number]


def rows(title: str) -> list[list[str]]:
    """The cells of the table whose head begins so, without their quotes."""
    table = PAGE.partition(f"| {title} ")[2].partition("\n\n")[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return [[cell.partition("`")[2].partition("`")[0] for cell in line] for line in lines]


CALLS = rows("flow | call")
REASONS = rows("flow | reason")

#: What `add` and the others stand for in the rows.
CALLED = re.compile(r"(\w+)\((.*)\)")


@pytest.fixture(scope="module")
def project(celery_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's app and file, with this machine's addresses."""
    folder = tmp_path_factory.mktemp("page")
    text, written = block("python"), 'Celery("tasks")'
    assert written in text
    broker, results = celery_environment.values()
    text = text.replace(written, f'Celery("tasks", broker="{broker}", backend="{results}")')
    (folder / "tasks.py").write_text(text, "utf-8")
    (folder / "bridge.toml").write_text(block("toml"), "utf-8")
    (folder / "order.flow").write_text(block("flow"), "utf-8")
    return folder


Start = Callable[..., Spawned]


@pytest.fixture
def start(spawn: Start, redis_server: RedisServer, project: Path) -> Start:
    def start(*words: str) -> Spawned:
        return spawn([sys.executable, "-m", *words], env=redis_server.environment, cwd=project)

    return start


def test_its_flows_do_what_it_says(engine: Client, start: Start) -> None:
    """One worker and one bridge for all rows: they start for seconds."""
    assert len(CALLS) > 12
    alone = ("--pool", "solo", "-l", "info", "--without-mingle", "--without-gossip")
    worker = start("celery", "-A", "tasks", "worker", "-Q", "celery,slow", *alone)
    bridge = start(
        *("littleflow_redis", "bridge", "-A", "tasks", "--category", "shop"),
        *("--config", "bridge.toml"),
    )
    worker.wait_for_output("ready.")
    bridge.wait_for_output("event=ready")
    assert "event=no-timeout" not in bridge.output

    started = [(flow, engine.start(flow), output) for flow, _, output in CALLS]
    for flow, workflow, output in started:
        if output.startswith("TypeError"):
            with pytest.raises(WorkflowFailed, match=re.escape(output)):
                engine.wait(workflow, timeout=LONG)
        else:
            assert engine.wait(workflow, timeout=LONG) == json.loads(output), flow
            check_once(engine, workflow)
    for flow, reason in REASONS:
        with pytest.raises(WorkflowFailed) as failed:
            engine.wait(engine.start(flow), timeout=LONG)
        assert reason in str(failed.value).replace("`", ""), flow
    assert engine.wait(engine.start("<[1, 2]> → shop:sum"), timeout=LONG) == 3
    # While somebody serves it, there is nothing else to say of it.
    shown(start, 0)


def shown(start: Start, number: int) -> None:
    """The command prints what the page shows of it."""
    command, _, output = block("console", number).partition("\n")
    process = start(*command.removeprefix("$ python -m ").split())
    assert process.wait() == 0, process.output
    assert process.output == output


def test_its_explanation_is_what_the_bridge_says(start: Start) -> None:
    shown(start, 1)


@pytest.mark.parametrize("flow", re.findall(r"^```flow\n(.*?)^```", PAGE, re.M | re.S))
def test_its_flows_compile(flow: str) -> None:
    assert compile_text(flow).warnings == ()


def test_what_it_recommends_are_settings_of_celery() -> None:
    app = Celery(set_as_current=False)
    text = block("python", 1)
    exec(text, {"app": app})  # noqa: S102 - the page's own lines
    names = re.findall(r"(?:^    |app\.conf\.)(\w+) ?=", text, re.M)
    assert len(names) > 8
    for name in names:
        assert name in DEFAULTS, name
        assert app.conf[name] != DEFAULTS[name] or name.endswith(("_serializer", "_expires"))
