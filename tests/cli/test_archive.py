"""``archive``, ``restore`` and ``restart``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from littleflow_redis import Client, WorkflowState
from tests.cli.conftest import Command


def test_from_a_file_and_back(command: Command, engine: Client, tmp_path: Path) -> None:
    engine.start("A → B", {"x": 1}, workflow_id="w")
    path = tmp_path / "w.json"

    written = command("archive", "w", "-o", path)
    restored = command("restore", path, "--workflow-id", "again")
    restarted = command("restart", "again")

    assert (written.stdout, written.stderr) == ("", f"archived workflow:w to {path}\n")
    assert restored.stdout == "workflow:again\n"
    assert restarted.stdout == "workflow:again RUNNING\n"
    assert engine.state("w").state is WorkflowState.RUNNING


def test_through_pipes(command: Command, engine: Client) -> None:
    workflow = engine.start("A → B", {"x": 1})

    written = command("archive", workflow)
    restored = command("restore", "-", input=written.stdout)

    assert json.loads(written.stdout)["source"] == "A → B"
    assert engine.state(restored.stdout.strip()).state is WorkflowState.TERMINATED


def test_what_is_no_archive_is_a_sentence(command: Command, engine: Client, tmp_path: Path) -> None:
    nothing = command("restore", tmp_path / "nothing.json")
    garbage = command("restore", "-", input="[1]")
    unknown = command("archive", "nobody")

    assert [r.exit_code for r in (nothing, garbage, unknown)] == [1, 1, 1]
    assert "nothing.json: No such file" in nothing.stderr
    assert garbage.stderr == "an archive is a JSON object\n"
    assert "there is no workflow" in unknown.stderr


@pytest.mark.parametrize("name", ["nothing/w.json", "folder"])
def test_what_cannot_be_written_is_named_as_it_was_given(
    command: Command, engine: Client, tmp_path: Path, name: str
) -> None:
    engine.start("A", workflow_id="w")
    (tmp_path / "folder").mkdir()

    result = command("archive", "w", "-o", tmp_path / name)

    assert result.exit_code == 1
    assert re.fullmatch(rf"Error: {tmp_path / name}: [\w ]+\n", result.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_restart_from_a_step_with_another_input(command: Command, engine: Client) -> None:
    workflow = engine.start("A → B", {"x": 1})
    engine.terminate(workflow)

    refused = command("restart", workflow, "--from", "B")
    result = command("restart", workflow, "--from", "A", "--input", '{"x": 2}')
    usage = command("restart", workflow, "--input", "1")

    assert "waits for step 1 (A)" in refused.stderr
    assert result.stdout == f"{workflow} RUNNING\n"
    assert engine.state(workflow).steps[1].activations == 2
    *_, (_, fields) = engine.redis.xrange(engine.keys.events)
    assert json.loads(fields[b"input"]) == {"x": 2}
    assert usage.exit_code == 2
