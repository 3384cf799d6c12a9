"""`check -A`: which steps of a file nobody would run, and where they stand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from littleflow_redis import Client, TaskListener
from littleflow_redis.events.group import GroupReader
from tests.support import RedisServer, Spawned

from .conftest import APPS

Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(
    spawn: Callable[..., Spawned],
    redis_server: RedisServer,
    celery_environment: dict[str, str],
    tmp_path: Path,
) -> Check:
    def run(text: str, *options: str, **env: str) -> tuple[int, str]:
        (tmp_path / "a.flow").write_text(text)
        command = [sys.executable, "-m", "littleflow_redis", "check", "-A", "plain", *options]
        environment = {**redis_server.environment, **celery_environment, **env}
        process = spawn([*command, str(tmp_path / "a.flow")], env=environment, cwd=APPS)
        return process.wait(), process.output.replace(str(tmp_path / "a.flow"), "a.flow")

    return run


@pytest.mark.usefixtures("shared_worker")
def test_a_flow_that_is_served_says_nothing(check: Check, client: redis.Redis) -> None:
    with TaskListener("native", client=Client(redis=client)):
        text = "native:any → wait:delay(- duration: 1 -)"
        assert check(text) == (0, "")


@pytest.mark.usefixtures("shared_worker")
def test_what_becomes_of_the_input_of_each_step(check: Check, client: redis.Redis) -> None:
    with TaskListener("native", client=Client(redis=client)):
        text = "{ add([1, 2])  native:any }\n→ plain:add → total(- $bind: whole -)"
        code, output = check(text)
    assert code == 0
    add, joined, total = output.splitlines()
    assert add.startswith("a.flow:1:3: note: add calls plain.add(x, y): {} → nothing; null, 1")
    assert joined == "a.flow:2:3: note: plain:add calls plain.add(x, y): [1, 2] → items"
    assert total.startswith("a.flow:2:15: note: total calls plain.total(numbers): {}, null, 1, [1,")
    assert total.endswith(" → whole")


@pytest.mark.usefixtures("shared_worker")
def test_what_nobody_serves(check: Check, client: redis.Redis) -> None:
    with TaskListener("native", client=Client(redis=client)):
        code, output = check("add\n→ plian:add\n→ natve:any")
    note, *lines = output.splitlines()
    assert (code, note.startswith("a.flow:1:1: note: add calls")) == (0, True)
    assert lines[0].startswith("a.flow:2:3: warning: nobody serves the category 'plian' (plian:add")
    assert "did you mean 'plain'? Else start a Celery worker" in lines[0]
    assert lines[1].startswith("a.flow:3:3: warning: nobody serves the category 'natve' (natve:any")
    assert "did you mean 'native'? Else" in lines[1]


def test_a_task_that_the_app_lacks_is_a_problem(check: Check, client: redis.Redis) -> None:
    code, output = check("plain:ad", "--errors", "json")
    assert (code, '"line": 1, "column": 1' in output) == (1, True)
    assert "no Celery task serves 'plain:ad': did you mean plain.add?" in output


@pytest.mark.usefixtures("shared_worker")
def test_lines_come_in_the_order_of_the_text(check: Check, client: redis.Redis) -> None:
    """All warnings came first, and then all notes."""
    output = check("add\n→ add(- $celery: {queue: gpu} -)\n→ natve:any\n→ add")[1]
    places = [line.split(" ")[:2] for line in output.splitlines()]
    assert places == [
        ["a.flow:1:1:", "note:"],
        ["a.flow:2:3:", "warning:"],
        ["a.flow:2:3:", "note:"],
        ["a.flow:3:3:", "warning:"],
        ["a.flow:4:3:", "note:"],
    ]


def test_a_step_that_fails_with_every_input_is_a_problem(check: Check, client: redis.Redis) -> None:
    """It was a note, and the exit code 0."""
    code, output = check("add\n→ greet(- greting: hi -)")
    assert code == 1
    assert output.startswith("a.flow:2:3: greet fails with every input; it calls plain.greet(name,")
    assert "keyword argument 'greting'; take 'greting' out of the step's parameters: did" in output
    assert output.endswith("did you mean 'greeting'?\n")
    code, output = check("add(- {$bind: none, x: 1} -)", "--errors", "json")
    assert (code, '"line": 1, "column": 1' in output) == (1, True)
    assert "`$bind: none` passes nothing of the input: add what is missing" in output
    code, output = check("<[1, 2, 3]> → add")
    assert (code, "[1, 2, 3] → error: a list of 3 came" in output) == (1, True)


def test_a_queue_that_nobody_consumes(check: Check, client: redis.Redis) -> None:
    code, output = check("A;\nadd(- $celery: {queue: gpu} -)", "--category", "")
    assert code == 1
    assert "a.flow:1:1: no Celery task serves 'A'" in output
    code, output = check("{ add add(- $celery: {queue: gpu} -) }")
    assert code == 0
    assert "a.flow:1:7: warning: no Celery worker consumes from the queue 'gpu': " in output
    assert "start `celery -A plain worker -Q gpu`" in output


def test_without_servers_nobody_is_asked(check: Check, client: redis.Redis) -> None:
    away = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0", "REDIS_PORT": "1"}
    code, output = check("add → plain:add", **away)
    assert (code, "warning" in output) == (0, False)
    code, output = check("kitchen:cook → wait:delay(- duration: 1 -)", **away)
    assert (code, "nobody serves" in output) == (0, False)
    assert output.startswith(
        "a.flow:1:1: warning: the app does not serve the category 'kitchen' (kitchen:cook), and "
        "Redis could not be asked who does: start a Celery worker"
    )


@pytest.mark.usefixtures("shared_worker")
def test_a_category_of_which_the_app_has_the_tasks(check: Check, client: redis.Redis) -> None:
    """Each of the steps named all of them, and nothing said that `check` has the option too."""
    lines = check("shop:add([1, 2]) → shop:total → other:thing")[1].splitlines()
    assert lines[0] == (
        "a.flow:1:1: warning: nobody serves the category 'shop' (shop:add): start a Celery worker "
        "that serves it (`LITTLEFLOW_SERVE=shop celery -A plain worker "
        "-I littleflow_redis.steps`), a bridge "
        "(`bridge -A plain --category shop`), for the app has plain.add, and give `check` "
        "--category shop"
    )
    assert "'shop' (shop:total): start a Celery worker" in lines[1]
    assert "'other' (other:thing): start a Celery worker" in lines[2]
    assert "(`bridge -A APP --category other`) or a TaskListener('other')" in lines[2]


@pytest.mark.usefixtures("shared_worker")
def test_a_name_in_retry_of_which_there_is_no_exception(check: Check, client: redis.Redis) -> None:
    text = """add(- {x: 1, $retry: {limit: 1, on: [OSErorr, celery.exceptions.Reject]}} -)
→ total(- $retry: {limit: 1, except: [sohp.Gone, ValueError]} -)
→ native:any(- $retry: {limit: 1, on: [OSErorr]} -)"""
    code, output = check(text)
    found = [line for line in output.splitlines() if "$retry" in line]
    assert (code, found) == (
        0,
        [
            "a.flow:1:1: warning: $retry on: no exception OSErorr is known here; did you mean "
            "OSError?",
            "a.flow:2:3: warning: $retry except: no exception sohp.Gone is known here",
        ],
    )


def test_a_setting_by_which_a_step_may_run_twice(check: Check, client: redis.Redis) -> None:
    text = "add(- {x: 1, $on-lost: fail} -) → reject(- $on-lost: fail -) → weary → reject"
    code, output = check(text, "-A", "endings")
    found = [line for line in output.splitlines() if "$on-lost" in line]
    assert code == 0
    assert found == [
        "a.flow:1:35: warning: $on-lost: fail, but endings.reject is acknowledged late, so the "
        "broker delivers it again when its worker is lost: set acks_late=False on it"
    ]


def test_run_asks_for_queues_too(
    spawn: Callable[..., Spawned],
    client: redis.Redis,
    redis_server: RedisServer,
    celery_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """The bridge publishes, and no worker is there: `run --wait` has the app asked."""
    engine = Client(redis=client)
    reader = GroupReader(client, engine.keys.events, "bridge:")
    reader.ensure()
    reader.claim_stale(1)
    (tmp_path / "a.flow").write_text("add(- $celery: {queue: gpu} -)")
    command = [sys.executable, "-m", "littleflow_redis", "run", str(tmp_path / "a.flow"), "--wait"]
    environment = {**redis_server.environment, **celery_environment}
    running = spawn([*command, "--workflow-id", "w", "-A", "plain"], env=environment, cwd=APPS)
    running.wait_for_output("waits: no Celery worker consumes from the queue 'gpu'")
    engine.terminate("w")
    assert running.wait() == 1
