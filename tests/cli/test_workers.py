"""``worker``, ``receipts`` and ``simulate`` as processes, by upstream's commands to the letter."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from littleflow_redis import Client
from tests.cli.conftest import Process
from tests.engine.support import append
from tests.support import LONG, RedisServer, Spawned, wait_until

Write = Callable[..., Path]

#: The workers, with what lets them be quick in a test.
WORKERS = [("worker",), ("receipts",), ("simulate", "--wait-period", "0.01")]


def test_upstream_s_commands_run_a_workflow(process: Process, flow: Write, engine: Client) -> None:
    for words in (("worker",), ("receipts",), ("simulate",)):
        process(*words).wait_for_output("event=ready")
    started = process("run", flow("@flow myworkflow\nfetch → { clean score } → store"))

    assert started.wait() == 0
    id = started.output.strip()
    assert id.startswith("workflow:myworkflow-")
    engine.wait(id, timeout=LONG)
    seen = process("inspect", id)
    assert seen.wait() == 0
    assert "FINISHED" in seen.output


def test_all_that_is_done_leaves_the_stream(
    process: Process, flow: Write, client: redis.Redis
) -> None:
    workers = [process(*words) for words in WORKERS]

    assert process("run", flow("A → { B C } → D"), "--wait").wait() == 0

    wait_until(lambda: client.xlen("workflows:run") == 0, "the stream is empty")
    wait_until(lambda: workers[1].output.count(" processed at ") == 4, "four are told")


def test_what_a_receipt_says_is_printed_escaped(process: Process, engine: Client) -> None:
    """Half a character ended the janitor, and a terminal obeyed what anybody had written."""
    receipts = process("receipts")
    receipts.wait_for_output("event=ready")
    event = engine.send_event("approved", {"a": 1})
    said = {"for": event, "at": "now\x1b[31m\nforged"}
    for action in ("\ud800", "done"):
        append(engine.redis, engine.keys.events, {"kind": "receipt", "action": action, **said})

    receipts.wait_for_output(r" \ud800 at now\x1b[31m\nforged")
    receipts.wait_for_output(r" done at now\x1b[31m\nforged")


@pytest.mark.parametrize("words", WORKERS, ids=lambda words: words[0])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    process: Process, words: tuple[str, ...], how: signal.Signals
) -> None:
    worker = process(*words)
    worker.wait_for_output("event=ready")

    worker.signal(how)

    assert worker.wait() == 0
    assert "event=stopped" in worker.output
    assert "Traceback" not in worker.output


@pytest.mark.parametrize("words", WORKERS, ids=lambda words: words[0])
def test_it_starts_before_redis_and_outlives_it(
    own_server: Callable[..., RedisServer],
    spawn: Callable[..., Spawned],
    words: tuple[str, ...],
) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always", start=False)
    command = [sys.executable, "-m", "littleflow_redis", *words]
    worker = spawn(command, env=server.environment)
    worker.wait_for_output("event=redis-waiting")
    server.start()
    worker.wait_for_output("event=ready")

    server.kill()
    wait_until(lambda: worker.output.count("event=redis-waiting") == 2, "it waits again")
    server.start()

    wait_until(lambda: worker.output.count("event=redis-connected") == 2, "it is back")
    assert worker.output.count("event=ready") == 1
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0


@pytest.mark.parametrize("words", WORKERS, ids=lambda words: words[0])
def test_misconfiguration_ends_it_and_says_what_to_set(
    own_server: Callable[..., RedisServer], process: Process, words: tuple[str, ...]
) -> None:
    server = own_server()
    with server.client() as admin:
        admin.config_set("requirepass", "secret")

    refused = process(*words, env=server.environment)
    no_port = process(*words, env={"REDIS_PORT": "many"})
    no_url = process(*words, env={"REDIS_URL": "http://x"})

    for worker, advice in (
        (refused, "set REDIS_USERNAME and REDIS_PASSWORD"),
        (no_port, "set it to a port such as 6379"),
        (no_url, "set REDIS_URL to one that starts with redis://"),
    ):
        assert worker.wait() == 1
        assert advice in worker.output
        assert "Traceback" not in worker.output


def test_the_worker_takes_other_keys(process: Process, engine: Client) -> None:
    """Who sets other keys sets them for all commands; upstream has these options too."""
    worker = process(
        "worker", "--group", "mine", "--lifecycle-group", "any", "--workflows", "all",
        "--inprogress", "now", "--issuer", "key.json",
    )  # fmt: skip
    worker.wait_for_output("event=ready")

    worker.wait_for_output("event=issuer-unused")
    # It says that it is ready before it begins to read.
    wait_until(lambda: engine.redis.exists(engine.keys.events), "it has made its group")
    (group,) = engine.redis.xinfo_groups(engine.keys.events)
    assert group["name"] == b"mine"


def test_simulated_failures_fail_the_workflow(process: Process, flow: Write) -> None:
    process("worker")
    process("simulate", "--group", "sim", "--wait-period", "0", "--failures", "100")

    running = process("run", flow("fetch"), "--wait")

    assert running.wait() == 1
    assert "step 1 (fetch): SimulatedFailure" in running.output


@pytest.mark.parametrize("span", ["nan", "inf", "-1", "soon"])
def test_a_retention_that_is_no_time_is_refused(process: Process, span: str) -> None:
    """Symptom: a traceback from the first sweep. Cause: `nan` was taken for a number above 0."""
    receipts = process("receipts", "--event-retention", span)
    assert receipts.wait() == 2
    assert "needs a time" in receipts.output
