"""``dead`` and ``restart``."""

from __future__ import annotations

from littleflow_redis import Client, WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.cli.conftest import Command
from tests.cli.test_manage import take
from tests.workers.scenes import events


def bury(engine: Client, *indexes: str) -> list[str]:
    """Send ends that nobody can process; return their letters, the oldest first."""
    for index in indexes:
        engine.send_event("end-task", {"workflow": "workflow:w", "index": index, "note": "é\n"})
    turn(engine)
    return [letter.id for letter in engine.dead_letters()][::-1]


def turn(engine: Client) -> None:
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    while worker.turn():
        pass


def test_list_and_show(command: Command, engine: Client) -> None:
    first, second = bury(engine, "one", "two")

    listed = command("dead", "list").stdout.splitlines()
    shown = command("dead", "show", first).stdout.splitlines()

    assert listed[0].split() == ["ID", "AT", "KIND", "WORKFLOW", "REASON"]
    assert [line.split()[0] for line in listed[1:]] == [second, first]
    assert listed[1].endswith("end-task  workflow:w  field 'index' must be a step's number")
    assert shown[0] == "field 'index' must be a step's number"
    assert '  index: "one"' in shown
    assert '  note: "\\u00e9\\n"' in shown


def test_the_list_goes_on_after_a_letter(command: Command, engine: Client) -> None:
    ids = bury(engine, "1", "2", "3")

    page = command("dead", "list", "--size", 1, "--start", ids[2]).stdout.splitlines()

    assert [line.split()[0] for line in page[1:]] == [ids[1]]


def test_retry_and_drop(command: Command, engine: Client) -> None:
    first, second, third = bury(engine, "1", "2", "3")

    retried = command("dead", "retry", first)
    dropped = command("dead", "drop", second)

    (event,) = events(engine, "end-task")
    assert event["index"] == "1"
    assert retried.stdout.startswith(f"{first} sent again as ")
    assert dropped.stdout == f"dropped {second}\n"
    assert [letter.id for letter in engine.dead_letters()] == [third]


def test_all_of_them(command: Command, engine: Client) -> None:
    bury(engine, *map(str, range(150)))
    engine.send_event("end-task", {"workflow": "workflow:w", "index": "x" * 70_000})
    turn(engine)

    retried = command("dead", "retry", "--all")

    assert len(retried.stdout.splitlines()) == 150
    (cut,) = engine.dead_letters()
    assert cut.cut
    assert "it was too large to be kept as a whole" in command("dead", "show", cut.id).stdout
    turn(engine)
    assert len(command("dead", "drop", "--all").stdout.splitlines()) == 151
    assert engine.dead_letters() == []


def test_what_is_wrong_is_said(command: Command, engine: Client) -> None:
    (letter,) = bury(engine, "1")

    for words in (["retry"], ["drop"], ["retry", "--all", letter], ["drop", "--all", letter]):
        assert "Give the ids of dead letters, or --all." in command("dead", *words).stderr
    for words in (["show", "1-1"], ["retry", "1-1"], ["drop", "x"], ["list", "--start", "x"]):
        result = command("dead", *words)
        assert (result.exit_code, "there is no dead letter" in result.stderr) == (1, True)
    assert len(engine.dead_letters()) == 1


def test_restart_tells_the_state_of_each(command: Command, engine: Client) -> None:
    for id in ("one", "two"):
        engine.terminate(engine.start("A", workflow_id=id))

    result = command("restart", "one", "workflow:two")
    again = command("restart", "--all", "one")

    assert result.stdout == "workflow:one RUNNING\nworkflow:two RUNNING\n"
    assert again.exit_code == 1
    assert "only a FAILED or TERMINATED workflow restarts" in again.stderr
    assert "terminate it first" in again.stderr


def test_restart_all_restarts_what_still_runs(command: Command, engine: Client) -> None:
    engine.start("{ A wait:acquire }", workflow_id="w")
    take(engine, "w")
    turn(engine)
    assert engine.state("w").state is WorkflowState.FAILED

    command("restart", "--all", "w")

    step = engine.state("w").steps[2]
    assert (step.name, step.state, step.attempts) == ("A", "queued", 2)


def test_worker_deletes_what_it_need_not_retain(command: Command) -> None:
    for option in ("--retain", "--retain-failed"):
        result = command("worker", option, "soon")
        assert result.exit_code == 2
        assert "needs a time: seconds, or text such as 90s" in result.stderr
