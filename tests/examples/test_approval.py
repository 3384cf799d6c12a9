"""examples/approval: a person decides, or does not in time; and the page that tells of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from littleflow_redis import Client
from littleflow_redis.cli import cli
from littleflow_redis.engine.model.states import StepState
from tests.engine.event_scene import Scene
from tests.engine.support import hurry
from tests.support import RedisServer

ROOT = Path(__file__).parents[2]
FLOW = ROOT / "examples" / "approval" / "approval.flow"
PAGE = ROOT / "docs" / "how-to" / "wait-for-an-event.md"


@pytest.fixture
def scene(client: redis.Redis) -> Scene:
    scene = Scene(Client(redis=client))
    scene.player.play = lambda task: {**task.input, task.name: "done"}
    return scene


def start(scene: Scene) -> str:
    workflow = scene.engine.start(FLOW)
    scene.turn()
    return workflow


def ran(scene: Scene, workflow: str) -> list[str]:
    return [s.name for s in scene.engine.state(workflow).steps if s.state is StepState.ENDED]


@pytest.mark.parametrize(("decision", "task"), [("yes", "ship"), ("no", "cancel")])
def test_a_person_decides_by_the_command_of_the_page(
    scene: Scene, redis_server: RedisServer, decision: str, task: str
) -> None:
    workflow, other = start(scene), start(scene)
    (command,) = re.findall(
        r"python -m littleflow_redis event (\S+) --workflow ID", PAGE.read_text()
    )
    data = {"output": {"order": 17, "decision": decision, "by": "anna"}}
    runner = CliRunner(env=redis_server.environment)
    words = ["event", command, "--workflow", workflow, "--data", json.dumps(data)]
    assert runner.invoke(cli, words).exit_code == 0
    scene.turn()
    assert task in ran(scene, workflow)
    assert {"ship", "cancel"} - {task} - set(ran(scene, workflow))
    assert not scene.ended(other)


def test_nobody_decides_in_time(scene: Scene) -> None:
    workflow = start(scene)
    hurry(scene.engine)
    scene.turn()
    output: Any = scene.output(workflow)
    assert "cancel" in ran(scene, workflow)
    assert "no event decided came within 86400 s" in json.dumps(output)


def test_the_page_shows_the_example_as_it_is() -> None:
    assert FLOW.read_text(encoding="utf-8") in PAGE.read_text(encoding="utf-8")
