"""Archives of every form: a run keeps its rules, and what a version before wrote is read."""

from __future__ import annotations

import json
from typing import Any

import msgpack
import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import Dynamic
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .archive_stage import FLOWS, resumed, snapshots
from .support import Player, drive, run
from .test_ends import Hand

JOIN = "{ A B C } → last"


@pytest.mark.parametrize(("form", "expected"), [(1, 1), (2, [1, {}, None])])
def test_a_restored_workflow_keeps_the_rules_of_its_form(
    engine: Client, form: int, expected: Any
) -> None:
    outputs: dict[str, Any] = {"A": 1, "B": {}, "C": None}
    engine.transitions.version = form
    workflow, _ = run(engine, JOIN, play=lambda task: outputs.get(task.name, task.input))
    engine.transitions.version = 2
    archive = json.loads(json.dumps(engine.archive(workflow)))
    assert (archive["version"], archive.get("form")) == ((1, None) if form == 1 else (2, 2))
    restored = engine.restore(archive)
    assert int(engine.redis.hget(restored, "version")) == form
    engine.restart(restored, from_steps=["last"])
    player, worker = Player(engine, lambda task: task.input), LifecycleWorker(engine)
    drive(engine, restored, player, worker)
    assert engine.wait(restored, timeout=LONG) == expected
    assert {task.bind for task in player.played} == {"spread" if form == 1 else "auto"}
    assert said(engine.archive(engine.restore(archive))) == said(archive)


def said(archive: dict[str, Any]) -> dict[str, Any]:
    return {name: archive.get(name) for name in ("version", "form", "outputs", "items", "types")}


def as_before(archive: dict[str, Any]) -> dict[str, Any]:
    """The archive as versions before wrote it: without what is owed, and of form 1."""
    steps = {
        name: {member: value for member, value in step.items() if member != "owed"}
        for name, step in archive["steps"].items()
    }
    mine = {name: value for name, value in archive.items() if name not in ("form", "types")}
    return {**mine, "version": 1, "steps": steps}


@pytest.mark.parametrize("name", ["retry", "iteration"])
def test_archives_of_versions_before_come_to_the_same_end(engine: Client, name: str) -> None:
    text, play = FLOWS[name]
    archives = snapshots(engine, text, {"n": 0}, play)
    undisturbed = engine.wait(archives[-1]["id"], timeout=LONG)
    for archive in archives[::3]:
        workflow, _ = resumed(engine, as_before(archive), play)
        view = engine.state(workflow)
        assert (view.state, view.output) == (WorkflowState.FINISHED, undisturbed)


@pytest.mark.parametrize("failed", [False, True])
def test_what_stopped_under_a_version_before_begins_again(engine: Client, failed: bool) -> None:
    """Its records do not tell what is owed: their states do."""
    hand = Hand(engine, "A → B", {"x": 1})
    if failed:
        hand.send(index=hand.tasks["A"].index, name="A", status="FAILURE", reason="no")
        hand.turn()
    else:
        engine.terminate(hand.workflow)
    record = msgpack.unpackb(engine.redis.hget(f"{hand.workflow}:steps", "1"))
    engine.redis.hset(f"{hand.workflow}:steps", "1", msgpack.packb(record[: Dynamic.ROUND]))
    engine.restart(hand.workflow)
    player = Player(engine)
    drive(engine, hand.workflow, player, LifecycleWorker(engine))
    assert [task.name for task in player.played] == ["A", "B"]
