"""The module serves steps in the workers of those apps alone that name it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from tests.support import LONG, RedisServer, wait_until

from .conftest import APPS, broker_url
from .test_exits import ended, output


@pytest.fixture
def several(redis_server: RedisServer, engine: Client) -> Iterator[subprocess.Popen[str]]:
    command, place = [sys.executable, "several.py"], {**redis_server.environment, "PATH": ""}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=APPS, env=place, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        yield process
        process.kill()


def test_workers_in_one_process(engine: Client, several: subprocess.Popen[str]) -> None:
    def serving() -> list[str]:
        return sorted(one.app for one in HeldAttempts(engine.context).living().values())

    wait_until(lambda: serving() == ["one", "one", "two"], "three of four workers serve steps")
    others = engine.start("none:who")
    ids = [engine.start(f"one:who → two:who → {name}:who") for name in ("one", "two") * 10]
    for id in ids:
        assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason
    assert [output(engine, id) for id in ids] == ["one", "two"] * 10, "its own app runs each"
    assert engine.state(others).steps[1].state == "queued", "nobody serves it"
    output_, log = several.communicate(timeout=LONG)
    assert (output_, several.returncode) == ("stopped\n", 0), log
    assert not serving(), "all have left"
    assert log.count("event=steps-not-served app=none") == 1, log
    assert "Traceback" not in log


INERT = """
import sys, threading, inside
inside.app.conf.include = ["littleflow_redis.steps"]
inside.app.loader.import_default_modules()
inside.add.delay(1)
inside.app.Beat(schedule="none", quiet=True)
inside.app.control.inspect(timeout=0.1).ping()
print([name for name in sys.modules if name.startswith("littleflow_redis.")])
print(inside.app.steps["worker"], inside.app.steps["consumer"], threading.active_count())
"""


def test_it_does_nothing_in_programs_that_are_no_workers(
    client: object, redis_server: RedisServer
) -> None:
    place = {"CELERY_BROKER_URL": broker_url(redis_server)}
    done = subprocess.run(
        [sys.executable, "-c", INERT], cwd=APPS, env=place, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded, steps = done.stdout.splitlines()
    assert loaded == "['littleflow_redis.extensions', 'littleflow_redis.steps']"
    assert steps == "set() set() 1"
