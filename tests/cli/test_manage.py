"""``terminate``, ``delete``, ``event`` and ``end``."""

from __future__ import annotations

import pytest

from littleflow_redis import Client, WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.cli.conftest import Command
from tests.workers.scenes import events


def take(engine: Client, workflow: str) -> None:
    """Take the first task of a workflow, as somebody who works on it."""
    from littleflow_redis.engine.model.task_events import start_task

    for id, fields in engine.redis.xrange(engine.keys.events):
        if fields[b"kind"] == b'"start-task"':
            task = start_task(id.decode(), fields)
            engine.transitions.run([engine.transitions.claim_attempt(task, "somebody")])


def test_terminate_tells_the_state_of_each(command: Command, engine: Client) -> None:
    engine.start("A", workflow_id="idle")
    engine.start("A", workflow_id="busy")
    take(engine, "busy")
    engine.start("A", workflow_id="late")

    result = command("terminate", "late", "workflow:busy")
    again = command("terminate", "busy")

    assert result.stdout == "workflow:late TERMINATED\nworkflow:busy TERMINATING\n"
    assert again.stdout == "workflow:busy TERMINATED\n"


def test_delete_refuses_what_is_in_progress(command: Command, engine: Client) -> None:
    engine.start("A", workflow_id="w")

    result = command("delete", "w")

    assert result.exit_code == 1
    assert "is in progress: terminate it first" in result.stderr
    assert engine.state("w").state is WorkflowState.RUNNING


def test_delete_by_force_terminates_first(command: Command, engine: Client) -> None:
    for id in ("one", "two"):
        engine.start("A", workflow_id=id)
    take(engine, "one")

    result = command("delete", "--force", "one", "two")

    assert result.stdout == "deleted workflow:one\ndeleted workflow:two\n"
    assert engine.list() == []
    assert not engine.redis.keys("workflow:*")


def test_delete_of_an_unknown_one(command: Command) -> None:
    result = command("delete", "nowhere")

    assert result.exit_code == 1
    assert "there is no workflow" in result.stderr


def test_many_are_chosen_as_for_a_list(command: Command, engine: Client) -> None:
    for id in ("red-1", "red-2", "blue"):
        engine.start(f"@flow {id[:4]}\nA", workflow_id=id)
    engine.terminate("red-2")

    ended = command("terminate", "--state", "running", "--search", "red", "--yes")
    assert ended.stdout == "workflow:red-1 TERMINATED\n"
    again = command("restart", "--search", "red", "--yes")
    assert sorted(again.stdout.splitlines()) == [
        "workflow:red-1 RUNNING", "workflow:red-2 RUNNING"
    ]  # fmt: skip
    deleted = command("delete", "--search", "red", "--force", "--yes")
    assert len(deleted.stdout.splitlines()) == 2
    assert [row.id for row in engine.list()] == ["workflow:blue"]
    assert command("delete", "--search", "red", "--yes").stderr == "there are none\n"


def test_of_many_one_that_cannot_be_done_keeps_nobody_else_from_it(
    command: Command, engine: Client
) -> None:
    for id in ("w1", "w2", "w3"):
        engine.start("A", workflow_id=id)
    engine.terminate("w1")
    engine.terminate("w3")

    result = command("delete", "--search", "w", "--yes")

    assert result.exit_code == 1
    assert sorted(result.stdout.splitlines()) == ["deleted workflow:w1", "deleted workflow:w3"]
    assert "workflow:w2 is in progress" in result.stderr


@pytest.mark.parametrize(("typed", "left"), [("n\n", 2), ("", 2), ("y\n", 0)])
def test_whether_all_are_meant_is_asked(
    command: Command, engine: Client, typed: str, left: int
) -> None:
    for _ in range(2):
        engine.terminate(engine.start("A"))

    result = command("delete", "--state", "terminated", input=typed)

    assert "delete 2 workflows? [y/N]" in result.stderr
    assert len(engine.list()) == left


@pytest.mark.parametrize("args", [[], ["w", "--state", "FAILED"]])
def test_either_ids_or_what_they_have_in_common(command: Command, args: list[str]) -> None:
    for name in ("terminate", "restart", "delete"):
        result = command(name, *args)
        assert result.exit_code == 2
        assert "such as --state FAILED" in result.stderr


def test_event_appends_and_prints_its_id(command: Command, engine: Client) -> None:
    result = command("event", "start-experiment", "--data", '{"id": 5, "note": "é"}')

    (row,) = engine.redis.xrange(engine.keys.events)
    assert result.stdout.strip() == row[0].decode()
    (event,) = events(engine, "start-experiment")
    assert (event["id"], event["note"], event["apiVersion"]) == (5, "é", "v1")


def test_an_event_for_one_workflow(command: Command, engine: Client) -> None:
    engine.start("A", workflow_id="w")

    result = command("event", "approved", "--workflow", "w", "--data", '{"x": 1}')
    unknown = command("event", "approved", "--workflow", "nowhere")

    assert result.exit_code == 0
    (event,) = events(engine, "approved")
    assert (event["for-workflow"], event["x"]) == ("workflow:w", 1)
    assert unknown.exit_code == 1
    assert "there is no workflow 'workflow:nowhere'" in unknown.stderr


def test_an_event_s_fields_are_an_object(command: Command) -> None:
    result = command("event", "x", "--data", "[1]")

    assert result.exit_code == 2
    assert "an object: {…}" in result.stderr


def test_an_event_s_kind_is_not_among_its_fields(command: Command, engine: Client) -> None:
    result = command("event", "x", "--data", '{"kind": "end-task"}')

    assert result.exit_code == 1
    assert "cannot hold kind, which sending sets" in result.stderr
    assert events(engine, "end-task") == []


def test_another_stream_and_namespace(command: Command, engine: Client) -> None:
    command("event", "x", "--stream", "other", "--namespace", "n:")

    assert engine.redis.keys() == [b"n:other"]


def test_end_ends_a_task(command: Command, engine: Client) -> None:
    engine.start("A → B", workflow_id="w")

    done = command("end", "w", "A", 1, "--output", '{"x": 1}')
    LifecycleWorker(engine).turn()
    failed = command("end", "workflow:w", "B", 2, "--status", "failure", "--reason", "by hand")
    LifecycleWorker(engine).turn()

    assert (done.exit_code, failed.exit_code) == (0, 0)
    view = engine.state("w")
    assert view.state is WorkflowState.FAILED
    assert view.reasons == ("step 2 (B): by hand",)
    assert engine.views.outputs(view.id, [1]) == [{"x": 1}]


def test_end_with_null_is_no_end_without_output(command: Command, engine: Client) -> None:
    engine.start("A → B", workflow_id="w")

    worker = LifecycleWorker(engine)
    for words in (("A", 1, "--output", "null"), ("B", 2)):
        command("end", "w", *words)
        worker.turn()

    assert engine.views.outputs("workflow:w", [1, 2]) == [None, {}]
    assert engine.redis.get("workflow:w:output:1") == b"null"


def test_restart_with_null_is_no_restart_without_an_input(command: Command, engine: Client) -> None:
    engine.start("A → B", {"x": 1}, workflow_id="w")
    worker = LifecycleWorker(engine)

    for words, expected in ((("--input", "null"), None), ((), {"x": 1})):
        engine.terminate("w")
        engine.terminate("w")
        assert command("restart", "w", "--from", "A", *words).exit_code == 0
        worker.turn()
        assert engine.step("w", 1).input == expected
    alone = command("restart", "w", "--input", "null")
    assert "--input is the input of one step: name it by --from" in alone.stderr


def test_end_of_a_step_that_is_called_otherwise(command: Command, engine: Client) -> None:
    engine.start("A → B", workflow_id="w")

    wrong = command("end", "w", "B", 1)
    beyond = command("end", "w", "B", 9)

    assert wrong.stderr == "workflow:w has no step 1 (B): step 1 is A\n"
    assert beyond.stderr == "workflow:w has no step 9 (B): it has 4 steps\n"
    assert (wrong.exit_code, beyond.exit_code) == (1, 1)
    assert events(engine, "end-task") == []
