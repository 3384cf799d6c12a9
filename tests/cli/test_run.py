"""``run``: what is printed where, and the exit code."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from littleflow_redis import Client, TaskListener, WorkflowState
from tests.cli.conftest import Command, Process
from tests.support import LONG, RedisServer, Spawned, wait_until
from tests.workers.scenes import lifecycle

Write = Callable[..., Path]

#: A workflow that is over when it has been started: its only task is skipped.
SHORT = "<- 7 -> → ? `$[?(@.no=1)]` A"


def test_the_full_id_stands_alone_on_the_last_line(
    command: Command, engine: Client, flow: Write
) -> None:
    result = command("run", flow("@flow my:flow\nA → B"))

    assert result.exit_code == 0
    id = result.stdout.splitlines()[-1]
    assert id.startswith("workflow:my.flow-")
    assert engine.state(id).state is WorkflowState.RUNNING


def test_the_input_is_given_as_json_or_in_a_file(
    command: Command, engine: Client, flow: Write, tmp_path: Path
) -> None:
    (tmp_path / "input.json").write_text('{"x": [1, "é"]}', encoding="utf-8")

    ids = [
        command("run", flow("A"), "--input", given).stdout.strip()
        for given in ('{"x": [1, "é"]}', f"@{tmp_path / 'input.json'}")
    ]

    assert [engine.views.outputs(id, [-1]) for id in ids] == [[{"x": [1, "é"]}]] * 2


def test_an_id_starts_once(command: Command, flow: Write) -> None:
    first = command("run", flow("A"), "--workflow-id", "mine")
    again = command("run", flow("A"), "--workflow-id", "workflow:mine")
    other = command("run", flow("B"), "--workflow-id", "mine")

    assert first.stdout == again.stdout == "workflow:mine\n"
    assert other.exit_code == 1
    assert "give another workflow_id" in other.stderr


def test_a_text_is_read_from_standard_input(command: Command, engine: Client) -> None:
    result = command("run", "-", input="A → B")

    assert len(engine.state(result.stdout.strip()).steps) == 4


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["missing.flow"], 1, "missing.flow: No such file"),
        (["{file}", "--input", "{x: 1}"], 2, "this is no JSON text"),
        (["{file}", "--input", "@nowhere.json"], 2, "nowhere.json cannot be read"),
        (["{file}", "--workflow-id", "a b"], 1, "use 1 to 200 letters"),
        (["{file}", "--port", "1"], 1, "set REDIS_HOST and REDIS_PORT, or REDIS_URL"),
        (["{file}", "--url", "http://x"], 1, "set REDIS_URL to one that starts with"),
        (["{bad}"], 1, "bad.flow:1:7: unexpected '}'"),
        (["{latin}"], 1, "this is not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    command: Command, flow: Write, args: list[str], code: int, message: str
) -> None:
    latin = flow("", "latin.flow")
    latin.write_bytes(b"# caf\xe9\nA")
    names = {"file": flow("A"), "bad": flow("A → B }", "bad.flow"), "latin": latin}

    result = command("run", *(arg.format_map(names) if arg[1:-1] in names else arg for arg in args))

    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_wait_prints_the_output_last_and_ends_with_0(
    command: Command, engine: Client, flow: Write
) -> None:
    result = command("run", flow(SHORT.replace("7", "[1, 2.50, é]")), "--wait")

    assert result.exit_code == 0
    id, output = result.stdout.splitlines()
    assert engine.state(id).state is WorkflowState.FINISHED
    assert json.loads(output) == [1, 2.5, "é"]
    assert result.stderr == ""


def test_wait_for_a_workflow_that_ended_before_it_began(
    command: Command, engine: Client, flow: Write
) -> None:
    """Nobody but `run` itself is there: the workflow is over before it can listen."""
    result = command("run", flow(SHORT), "--wait", "--progress")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "7"


def test_wait_ends_with_1_and_the_reasons_of_a_failure(
    command: Command, engine: Client, flow: Write
) -> None:
    with lifecycle(engine):
        result = command("run", flow("{ wait:acquire wait:release }"), "--wait")

    assert result.exit_code == 1
    assert "(wait:acquire): wait:acquire needs name" in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_wait_ends_with_1_when_it_is_terminated(
    process: Process, engine: Client, flow: Write
) -> None:
    running = process("run", flow("A"), "--wait", "--workflow-id", "w")
    running.wait_for_output("workflow:w")

    engine.terminate("w")

    assert running.wait() == 1
    assert "workflow:w was terminated" in running.output


def test_progress_shows_each_step(process: Process, engine: Client, flow: Write) -> None:
    simulate = process("simulate", "--wait-period", "0")
    with lifecycle(engine):
        running = process("run", flow("fetch → { clean score } → store"), "--wait", "--progress")
        assert running.wait() == 0
    assert simulate.process.poll() is None

    for step in ("fetch", "clean", "score", "store"):
        lines = [line.split()[3] for line in running.output.splitlines() if f"  {step} " in line]
        assert lines == ["queued", "running", "ended"], running.output


def test_progress_is_told_and_not_asked_for(process: Process, engine: Client, flow: Write) -> None:
    running = process("run", flow("A"), "--wait", "--progress", "--workflow-id", "w")
    running.wait_for_output("A  queued")

    before, began = commands(engine), time.monotonic()
    wait_until(lambda: time.monotonic() > began + 2, "two seconds are over")
    asked, seconds = commands(engine) - before, time.monotonic() - began

    assert asked < 10 * seconds, f"{asked} commands in {seconds} s without any news"
    engine.terminate("w")
    assert running.wait() == 1
    assert "A  cancelled" in running.output


def commands(engine: Client) -> int:
    stats: Any = engine.redis.info("stats")
    return int(stats["total_commands_processed"])


def test_nobody_asked_for_progress(process: Process, engine: Client, flow: Write) -> None:
    running = process("run", flow(SHORT), "--wait")

    assert running.wait() == 0
    assert len(running.output.splitlines()) == 2


def test_ctrl_c_ends_the_waiting_only(process: Process, engine: Client, flow: Write) -> None:
    running = process("run", flow("A"), "--wait", "--workflow-id", "w")
    running.wait_for_output("workflow:w")
    wait_until(lambda: engine.redis.pubsub_numsub("workflows:done:workflow:w")[0][1], "it waits")

    running.signal(signal.SIGINT)

    assert running.wait() == 130
    assert "workflow:w goes on: `inspect workflow:w` shows it" in running.output
    assert engine.state("w").state is WorkflowState.RUNNING


def test_wait_goes_on_after_redis_was_away(
    own_server: Callable[..., RedisServer], spawn: Callable[..., Spawned], flow: Write
) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    engine = Client(server.url)
    words = [sys.executable, "-m", "littleflow_redis", "run", str(flow("A")), "--wait"]
    running = spawn([*words, "--workflow-id", "w"], env=server.environment)
    wait_until(lambda: engine.redis.pubsub_numsub("workflows:done:workflow:w")[0][1], "it waits")

    server.kill()
    running.wait_for_output("event=redis-waiting")
    server.start()
    with lifecycle(engine):
        engine.send_event("end-task", {"workflow": "workflow:w", "index": 1, "name": "A"})
        assert running.wait() == 0

    assert running.output.splitlines()[-1] == "{}"


def test_a_terminal_gets_the_steps_on_stderr(
    engine: Client, redis_server: RedisServer, flow: Write
) -> None:
    """stdout is a pipe, stderr a terminal: as in ``run … --wait | jq``."""
    master, slave = pty.openpty()
    with lifecycle(engine):
        done = subprocess.run(
            [sys.executable, "-m", "littleflow_redis", "run", str(flow("<- 7 -> → wait:acquire")),
             "--wait"],
            env={**os.environ, **redis_server.environment, "TERM": "xterm"},
            stdout=subprocess.PIPE, stderr=slave, timeout=60,
        )  # fmt: skip
    os.close(slave)
    shown = os.read(master, 1 << 20).decode()
    os.close(master)

    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert "wait:acquire  queued" in shown
    assert "wait:acquire  failed" in shown


@pytest.mark.parametrize("progress", ["--progress", "--no-progress"])
def test_what_nobody_serves_is_told(
    process: Process, engine: Client, flow: Write, progress: str
) -> None:
    """It waited for ever, in silence."""
    with lifecycle(engine), TaskListener("math", client=engine):
        begun = time.monotonic()
        words = ("run", flow("mahs:add → math:mul"), "--wait", progress, "--workflow-id", "w")
        running = process(*words)
        running.wait_for_output("workflow:w")
        running.wait_for_output("waits: nobody serves the category 'mahs' (mahs:add): did you mean")
        assert time.monotonic() - begun < LONG / 2
        engine.terminate("w")
        assert running.wait() == 1
    assert running.output.count("nobody serves") == 1
