"""Steps whose tasks one app has and another lacks, while both serve their category."""

from __future__ import annotations

import signal
import threading

import pytest

from littleflow_redis import TaskListener
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from tests.support import RedisServer, Spawned, wait_until

from .conftest import Serve
from .test_exits import ended

#: Workflows of one test: whoever lacks their task reads some of them first.
MANY = 10


def serve_both(engine: Client, serve: Serve, **environment: str) -> tuple[Spawned, Spawned]:
    """A worker of each app, for one category; each knows of the other."""
    lacks = serve("threads", SERVE="shared", **environment)
    other = serve("threads", app="beside", SERVE="shared", **environment)
    living = HeldAttempts(engine.context).living
    wait_until(lambda: len(living()) == 2, "both are known")
    return lacks, other


def finishes(engine: Client, *ids: str) -> None:
    for id in ids:
        assert ended(engine, id) is WorkflowState.FINISHED, engine.state(id).reason
    assert not engine.redis.hlen(engine.keys.publications + "shared"), "nothing is held"


def fails(engine: Client, id: str) -> None:
    assert ended(engine, id) is WorkflowState.FAILED
    assert engine.state(id).reason.startswith("Misfit: no Celery task serves"), "as if it was alone"


def handed_back(engine: Client, id: str) -> int:
    return sum(entry.what == "reemit" for entry in engine.trace(id))


def lacked(engine: Client) -> set[str]:
    living = HeldAttempts(engine.context).living().values()
    return {base for one in living for base in one.lacks}


def plain_steps_of(engine: Client) -> list[str]:
    """The apps that serve steps without a category."""
    living = HeldAttempts(engine.context).living().values()
    return [one.app for one in living if "" in one.categories]


def test_the_app_that_has_a_task_runs_it(engine: Client, serve: Serve) -> None:
    serve_both(engine, serve)
    read = [engine.start("shared:mail") for _ in range(MANY)]
    handed = [engine.start("shared:add → shared:mail", 1) for _ in range(MANY)]
    finishes(engine, *read, *handed)
    assert all(handed_back(engine, id) <= 1 for id in (*read, *handed))


def test_a_task_that_both_lack_fails_soon(engine: Client, serve: Serve) -> None:
    serve_both(engine, serve, LIFETIME="300")
    read, handed = engine.start("shared:missing"), engine.start("shared:add → shared:missing", 1)
    fails(engine, read)
    fails(engine, handed)
    assert handed_back(engine, read) == 0
    assert handed_back(engine, handed) <= 2
    again = engine.start("shared:missing")
    fails(engine, again)


def test_a_task_waits_for_an_app_that_is_busy_and_fails_when_that_has_died(
    engine: Client, serve: Serve
) -> None:
    lacks, other = serve_both(engine, serve, LIFETIME="2")
    # Its heart beats in a process of its own.
    other.signal(signal.SIGSTOP)
    id = engine.start("shared:mail")
    living = HeldAttempts(engine.context).living
    wait_until(
        lambda: "shared:mail" in [b for r in living().values() for b in r.lacks], "one lacks"
    )
    assert engine.state(id).state is WorkflowState.RUNNING
    other.signal(signal.SIGCONT)
    finishes(engine, id)
    other.signal(signal.SIGSTOP)
    id = engine.start("shared:mail")
    other.kill_group()
    fails(engine, id)
    assert lacks.process.poll() is None


def test_workers_of_the_same_app_lack_the_same(engine: Client, serve: Serve) -> None:
    for _ in range(2):
        serve("threads", LIFETIME="300")
    id = engine.start("inside:missing")
    fails(engine, id)
    assert handed_back(engine, id) == 0


def test_a_listener_may_have_the_task(
    engine: Client, serve: Serve, redis_server: RedisServer
) -> None:
    serve("threads", SERVE="shared", LIFETIME="300")
    listener = TaskListener("shared", url=redis_server.url, group="mine", partial=True)
    listener.task("mail")(lambda x: x)
    thread = threading.Thread(target=listener.run)
    thread.start()
    try:
        finishes(engine, *(engine.start("shared:add → shared:mail", n) for n in range(MANY)))
    finally:
        listener.stop()
        thread.join()


@pytest.mark.parametrize("pool", ["solo"])
def test_steps_without_a_category_are_the_first_app_s(
    engine: Client, serve: Serve, pool: str
) -> None:
    first = serve(pool, LIFETIME="2")
    wait_until(lambda: plain_steps_of(engine) == ["inside"], "the first one serves them")
    second = serve(pool, app="beside", LIFETIME="2")
    finishes(engine, *(engine.start("add", n) for n in range(MANY)))
    finishes(engine, engine.start("beside:mail"))
    fails(engine, engine.start("mail"))
    assert plain_steps_of(engine) == ["inside"]
    second.wait_for_output("plain-steps-left app=inside")
    first.signal(signal.SIGTERM)
    first.wait()
    wait_until(lambda: plain_steps_of(engine) == ["beside"], "the other one takes them")
    finishes(engine, engine.start("mail"))
