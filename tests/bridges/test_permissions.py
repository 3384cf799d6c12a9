"""The user of docs/how-to/deploy.md: everything works with it, and what is missing is named."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

import littleflow_redis
from littleflow_redis import Client, TaskListener, WorkflowState
from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.bridges.doctor import Level, Subject, examine
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.engine.store.permissions import (
    COMMANDS,
    OPTIONAL,
    MissingPermissions,
    missing,
    rules,
)
from tests.support import RedisServer, Spawned, free_port, wait_until

from .conftest import APPS, worker_of

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "deploy.md"

Run = Callable[..., Spawned]

#: What only the doctor asks, who says that it may not; and what redis-py tells a server of itself,
#: which servers before 7.2 do not know.
_NEEDLESS = {"info", "config|get", "config", "client|setinfo", "client"}


def documented() -> list[str]:
    """The words of the page's command behind `redis-cli`."""
    (block,) = re.findall(r"^    redis-cli (ACL SETUSER (?:.*\\\n)*.*)$", PAGE.read_text(), re.M)
    return shlex.split(block.replace("\\\n", ""))


@pytest.fixture
def server(own_server: Callable[..., RedisServer]) -> RedisServer:
    return own_server()


@pytest.fixture
def admin(server: RedisServer) -> Iterator[redis.Redis]:
    with server.client() as client:
        yield client


@pytest.fixture
def user(server: RedisServer, admin: redis.Redis) -> Iterator[redis.Redis]:
    """The documented user."""
    admin.execute_command(*documented())
    url = f"redis://littleflow:PASSWORD@{server.host}:{server.port}/0"
    with Client(url).redis as client:
        yield client
        client.connection_pool.disconnect()


def refused(admin: redis.Redis) -> set[str]:
    """What the server refused anybody since the last call."""
    log: Any = admin.acl_log()
    admin.acl_log_reset()
    return {str(row["object"]) for row in log}


def test_the_page_allows_what_is_needed_and_nothing_else(user: redis.Redis) -> None:
    name, words = documented()[2], documented()[3:]
    assert (name, words) == ("littleflow", ["reset", "on", ">PASSWORD", *rules().split()])
    assert missing(user, Keys()) == MissingPermissions()
    for command in ("FLUSHALL", "KEYS *", "CONFIG GET save", "GET other", "SCRIPT FLUSH"):
        with pytest.raises(redis.exceptions.NoPermissionError):
            user.execute_command(*command.split())


def test_every_command_of_a_script_is_among_them(admin: redis.Redis) -> None:
    """A user who lacked one could do nearly everything."""
    known = {name.lower() for name in admin.command()}
    scripts = [*Path(littleflow_redis.__file__).parent.rglob("*.lua")]
    words = {
        word.lower()
        for file in scripts
        for word in re.findall(r"'([A-Z]+)'", file.read_text("utf-8"))
    }
    assert {"mset", "xclaim"} <= words & known <= COMMANDS.keys()


@pytest.mark.parametrize("optional", [True, False])
def test_everything_works_with_it(
    server: RedisServer, admin: redis.Redis, user: redis.Redis, spawn: Run, *, optional: bool
) -> None:
    """On Redis 6.2 workers ended at once: there CLIENT ID is as dangerous as CLIENT KILL."""
    if not optional:
        denied = [f"-{name.partition('|')[0]}" for name in OPTIONAL]
        admin.execute_command("ACL SETUSER", "littleflow", *denied)
    port, celery = free_port(), server.url.rpartition("/")[0]
    env = {
        "REDIS_HOST": server.host,
        "REDIS_PORT": str(server.port),
        "REDIS_USERNAME": "littleflow",
        "REDIS_PASSWORD": "PASSWORD",
        "CELERY_BROKER_URL": f"{celery}/1",
        "CELERY_RESULT_BACKEND": f"{celery}/2",
    }
    ours = [sys.executable, "-m", "littleflow_redis"]
    started = [
        spawn([*ours, *words], env=env, cwd=APPS)
        for words in (["worker"], ["receipts"], ["bridge", "-A", "plain"], ["simulate", "--help"])
    ]
    spawn(worker_of("plain"), env=env, cwd=APPS)
    api = spawn([sys.executable, "-m", "littleflow_redis.service", f"127.0.0.1:{port}"], env=env)
    for process in started[:3]:
        process.wait_for_output("event=ready")
    api.wait_for_output("event=serving")
    client = Client(redis=user)

    def cli(*words: str) -> str:
        process = spawn([*ours, *words], env=env)
        assert process.wait() == 0, process.output
        return process.output

    with TaskListener("native", client=client) as listener:
        listener.task("double")(lambda x: 2 * x)
        flow = (
            "<[1, 2]> → * native:double → total(- $bind: whole -) → wait:delay(- duration: 0.1 -)"
        )
        assert client.wait(client.start(flow), timeout=60) == 6
        waiting = client.start("wait:event(- event: go -)", workflow_id="w")
        wait_until(lambda: client.state("w").steps[1].state == "waiting", "it waits")
        client.send_event("go", {})
        client.wait(waiting, timeout=60)
        client.start("wait:delay(- duration: 1h -)", workflow_id="long")
        wait_until(lambda: client.state("long").steps[1].state == "waiting", "it waits")
    assert "long" in cli("list")
    assert "wait:delay" in cli("inspect", "long", "--attempts")
    cli("terminate", "long")
    wait_until(lambda: client.state("long").state is WorkflowState.TERMINATED, "it is terminated")
    cli("restart", "long")
    cli("terminate", "long")
    wait_until(lambda: client.state("long").state is WorkflowState.TERMINATED, "it is terminated")
    cli("delete", "long")
    base = f"http://127.0.0.1:{port}"
    for path in ("/workflows", "/readyz", "/metrics", "/dead", "/waits"):
        assert httpx.get(f"{base}{path}", timeout=60).status_code in (200, 404), path
    for process in (*started[:3], api):
        process.process.terminate()
        assert process.wait() == 0, process.output
    assert refused(admin) - _NEEDLESS - (set() if optional else {*OPTIONAL}) == set()


def test_the_doctor_names_what_is_missing(admin: redis.Redis, user: redis.Redis, app: Any) -> None:
    one = Subject(Client(redis=user), app, ["shop"], TaskLookup([]))
    assert examine(one, ["permissions"]) == []
    admin.execute_command("ACL SETUSER", "littleflow", "-xclaim", "-zadd")
    (finding,) = examine(one, ["permissions"])
    assert finding.level is Level.ERROR
    assert finding.found == "the user littleflow of the engine's Redis may not run ZADD, XCLAIM"
    assert finding.set == "ACL SETUSER littleflow +zadd +xclaim"
    admin.execute_command("ACL SETUSER", "littleflow", "+@all", "resetkeys", "resetchannels")
    keys, channels = examine(one, ["permissions"])
    assert keys.set == "ACL SETUSER littleflow ~workflow*"
    assert channels.set == "ACL SETUSER littleflow &workflow*"
    admin.execute_command(*documented())
    (info,) = examine(one, ["eviction", "persistence"])
    assert (info.level, "not looked at: eviction, persistence" in info.found) == (Level.HINT, True)
    assert "a permission is missing" in info.found
    assert "info" in info.found


def test_nothing_is_run_to_find_it_out(admin: redis.Redis, user: redis.Redis) -> None:
    before = admin.dbsize()
    for denied in ("-discard", "-multi"):
        admin.execute_command("ACL SETUSER", "littleflow", denied)
        assert denied[1:] in missing(user, Keys()).commands
        assert user.ping()
    assert admin.dbsize() == before == 0
