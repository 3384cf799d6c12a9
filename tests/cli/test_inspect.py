"""``inspect`` and ``list``: what one sees of workflows."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from littleflow_redis import Client
from littleflow_redis.cli.tables import table
from littleflow_redis.events.event_codec import printable
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.cli.conftest import Command
from tests.support import RedisServer


def end(engine: Client, workflow: str, index: int, **fields: object) -> None:
    """End a task, and let the lifecycle worker see it."""
    name = engine.state(workflow).steps[index].name
    engine.send_event("end-task", {"workflow": workflow, "index": index, "name": name, **fields})
    LifecycleWorker(engine).turn()


def rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


@pytest.mark.parametrize("prefix", ["", "workflow:"])
def test_the_state_by_name_and_a_table_of_the_steps(
    command: Command, engine: Client, prefix: str
) -> None:
    engine.start("math:A → { B C } → D", workflow_id="w")
    end(engine, "workflow:w", 1)

    result = command("inspect", f"{prefix}w")

    assert result.exit_code == 0
    shown = rows(result.stdout)
    assert ["workflow", "workflow:w"] in shown
    assert ["state", "RUNNING"] in shown
    titles = ["STEP", "NAME", "STATE", "ATTEMPTS", "STARTED", "TOOK", "ABOUT"]
    steps = shown[shown.index(titles) + 1 :]
    assert [row[:3] for row in steps] == [
        ["0", "start", "ended"],
        ["1", "math:A", "ended"],
        ["2", "subflow-start", "ended"],
        ["3", "B", "queued"],
        ["4", "C", "queued"],
        ["5", "subflow-end", "idle"],
        ["6", "D", "idle"],
        ["7", "end", "idle"],
    ]
    assert steps[1][3] == "1"
    assert steps[1][4].startswith("20")
    assert steps[1][6] == "s"


def test_a_waiting_step_says_what_it_waits_for(command: Command, engine: Client) -> None:
    engine.start("{ math:A B } → D", workflow_id="w")
    end(engine, "workflow:w", 3)

    result = command("inspect", "w")

    assert "waits for whoever serves 'math'" in result.stdout
    assert "has 1 of 2 inputs: waits for 2 (math:A)" in result.stdout


def test_a_waiting_step_says_for_which_event(command: Command, engine: Client) -> None:
    engine.start("wait:event(- {event: paid, match: input} -)", {"order": 5}, workflow_id="w")
    LifecycleWorker(engine).turn()

    shown = rows(command("inspect", "w").stdout)

    (step,) = [row for row in shown if row[:3] == ["1", "wait:event", "waiting"]]
    assert " ".join(step).endswith('waits for event paid with {"order":5}')


def test_a_failure_is_shown_with_its_reason_on_one_safe_line(
    command: Command, engine: Client
) -> None:
    engine.start("A → B", workflow_id="w")
    end(engine, "workflow:w", 1, status="FAILURE", reason="bad\n\x1b[31mred")

    result = command("inspect", "w")

    assert ["state", "FAILED"] in rows(result.stdout)
    assert "reason" in result.stdout
    assert "bad\\n\\x1b[31mred" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_output_of_a_finished_workflow(command: Command, engine: Client) -> None:
    engine.start("A", workflow_id="w")
    end(engine, "workflow:w", 1, output={"é": [1]})

    assert ["output", '{"é":', "[1]}"] in rows(command("inspect", "w").stdout)


def test_vectors_as_upstream_has_them(command: Command, engine: Client) -> None:
    engine.start("{ A B } → D", workflow_id="w")
    end(engine, "workflow:w", 2)

    lines = command("inspect", "w", "--vectors").stdout.splitlines()

    assert "A [0, 0, 0, 0, 1, 0, 0]" in lines
    assert "S [0, 0, 0, 1, 0, 0, 0]" in lines


def test_all_shows_every_change(command: Command, engine: Client) -> None:
    engine.start("A", workflow_id="w")
    end(engine, "workflow:w", 1)

    shown = command("inspect", "w", "--all").stdout

    changes = rows(shown[shown.index("AT ") :])[1:]
    assert [row[1:] for row in changes] == [
        ["RUNNING"],
        ["0", "start", "pass", "1.0"],
        ["1", "A", "queue", "1.1"],
        ["1", "A", "end", "1.1"],
        ["2", "end", "pass", "1.0"],
        ["FINISHED"],
    ]


def test_an_unknown_workflow_is_said_in_a_sentence(command: Command) -> None:
    result = command("inspect", "nowhere")

    assert result.exit_code == 1
    assert result.stderr == (
        "there is no workflow 'workflow:nowhere': `list` shows those there are\n"
    )


def test_list_shows_the_newest_first(command: Command, engine: Client) -> None:
    for id in ("first", "second"):
        engine.start("A → B", workflow_id=id)
    end(engine, "workflow:first", 1)

    title, *found = rows(command("list").stdout)

    assert title == ["ID", "STATE", "CREATED", "TOOK", "STEPS"]
    assert [(row[0], row[1], row[-1]) for row in found] == [
        ("workflow:second", "RUNNING", "1/4"),
        ("workflow:first", "RUNNING", "2/4"),
    ]


def test_list_is_limited_by_state_and_size(command: Command, engine: Client) -> None:
    for id in ("first", "second", "third"):
        engine.start("A", workflow_id=id)
    engine.terminate("second")

    def ids(*args: object) -> list[str]:
        return [row[0] for row in rows(command("list", *args).stdout)[1:]]

    assert ids("--state", "terminated") == ["workflow:second"]
    assert ids("--size", 1) == ["workflow:third"]
    assert ids("--size", 1, "--next", 1) == ["workflow:second"]


def test_an_empty_list_is_said_on_stderr(command: Command) -> None:
    result = command("list")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "there are none\n")


def test_columns_line_up() -> None:
    assert table([("A", "LONG"), ("longer", ""), ("x", "y")]) == "A       LONG\nlonger\nx       y"


def test_nothing_is_left_that_a_terminal_would_obey() -> None:
    assert printable("a\x1b]0;x\x07\u202e\r→ é") == "a\\x1b]0;x\\x07\\u202e\\r→ é"


def test_since_when_and_until_when_it_waits(command: Command, engine: Client) -> None:
    engine.start(
        "{ wait:delay(- duration: 1000 -) A(- {$retry: {limit: 1, delay: 50}} -) > B } → C",
        workflow_id="w",
    )
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    worker.turn()
    end(engine, "workflow:w", 3, status="FAILURE", reason="bad")

    shown = command("inspect", "w").stdout

    assert re.search(r"waiting .* waits until 20[\d-]+ [\d:]+$", shown, re.MULTILINE)
    assert re.search(r"retrying .* bad; attempt 2 at 20[\d-]+ [\d:]+$", shown, re.MULTILINE)
    assert re.search(r"queued .* serves 'B' since 20[\d-]+ [\d:]+$", shown, re.MULTILINE)


def test_every_attempt(command: Command, engine: Client) -> None:
    engine.start("A(- {$retry: {limit: 1, delay: 0}} -)", workflow_id="w")
    end(engine, "workflow:w", 1, status="FAILURE", reason="bad\n", worker="me")

    shown = command("inspect", "w", "--attempts").stdout

    titles = rows("STEP NAME ATTEMPT QUEUED STARTED ENDED RESULT WORKER REASON")[0]
    after = rows(shown)[rows(shown).index(titles) + 1 :]
    assert after[0][:3] == ["1", "A", "1.1"]
    assert after[0][-3:] == ["retry", "me", "bad\\n"]


def test_the_traceback_of_an_attempt_that_failed(command: Command, engine: Client) -> None:
    engine.start("A(- {$retry: {limit: 1, delay: 0}} -) → B", workflow_id="w")
    error = {
        "type": "E",
        "message": "bad",
        "traceback": "Traceback:\n  in a\x1b[2Jfile\n\nE: bad\n",
    }
    end(engine, "workflow:w", 1, status="FAILURE", reason="E: bad", error=error)

    shown = command("inspect", "w", "--attempts").stdout
    assert "\n\nstep 1 (A), attempt 1.1:\nTraceback:\n  in a\\x1b[2Jfile\n\nE: bad\n" in shown
    assert "Traceback" not in command("inspect", "w").stdout


def test_the_source_alone(command: Command, engine: Client) -> None:
    engine.start("# note\nA → B", workflow_id="w")
    assert command("inspect", "w", "--source").stdout == "# note\nA → B\n"


@pytest.mark.parametrize("text", ["A → B", "<- [1, 2] -> → * { A → B }"])
def test_what_nobody_took_has_not_started(command: Command, engine: Client, text: str) -> None:
    engine.start(text, workflow_id="w")
    engine.terminate("w")

    shown = rows(command("inspect", "w").stdout)

    assert [row[2:] for row in shown if row[1:2] == ["A"]] == [["cancelled", "1"]]


def test_a_reader_that_has_read_enough_is_no_error(
    engine: Client, redis_server: RedisServer
) -> None:
    """As with `inspect w | head -5`."""
    engine.start("A", workflow_id="w")
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "littleflow_redis", "inspect", "w"]
    try:
        ended = subprocess.run(
            words, stdout=writing, stderr=subprocess.PIPE, env=redis_server.environment
        )
    finally:
        os.close(writing)
    assert ended.stderr == b""


def test_following_one_to_its_end(command: Command, engine: Client) -> None:
    engine.start("A", workflow_id="w")
    end(engine, "workflow:w", 1)
    result = command("inspect", "w", "--follow")
    assert re.search(r"A +queued\n.*A +ended +\{\}", result.stderr)
    assert "FINISHED" in result.stdout
