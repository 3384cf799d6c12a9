"""Steps are tasks like any other to their worker: what it tells, calls and limits holds for them.

One worker of each pool is looked at from all sides, as far as the pool goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from celery import VERSION
from celery.app.control import Control

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import LONG, RedisServer, Spawned, wait_until

from .conftest import KINDS, POOLS, Serve, broker_url
from .test_exits import ended, output
from .watching import Watch, left, watching

#: The lines of a task that begins, and those of its end: see ``tests/apps/watched.py``.
BEGUN = ["received", "Request.on_accepted", "prerun", "before_start", "__call__"]
SUCCEEDED = ["success", "postrun", "on_success", "after_return SUCCESS"]
FAILED = ["failure", "postrun", "on_failure", "after_return FAILURE", "Request.on_failure"]
RETRIED = ["retry", "postrun", "on_retry", "Request.on_failure"]

#: Pools that answer while they run a task, and those that can end one.
ANSWERING, ENDING = {"threads", "prefork", "gevent"}, {"prefork", "gevent"}

#: Which of a task's own limits each pool keeps.
LIMITS = {"prefork": {"soft", "hard"}, "gevent": {"hard"}}


class Scene:
    """A worker, and those who look at it."""

    def __init__(
        self, engine: Client, worker: Spawned, control: Control, watch: Watch, ledger: Path
    ) -> None:
        self.engine = engine
        self.worker = worker
        self.control = control
        self.watch = watch
        self.ledger = ledger

    def start(self, text: str, input: Any = None) -> tuple[str, str]:
        """A workflow, and the id of its one task as soon as that is in hand."""
        id = self.engine.start(text, input)
        return id, wait_until(lambda: self._task(id), "it is in hand")

    def finishes(self, id: str) -> Any:
        """The output."""
        assert ended(self.engine, id) is WorkflowState.FINISHED, self.engine.state(id).reason
        return output(self.engine, id)

    def fails(self, id: str, reason: str) -> None:
        assert ended(self.engine, id) is WorkflowState.FAILED
        assert self.engine.state(id).reason.startswith(reason), self.engine.state(id).reason

    def says(self, task: str, *types: str) -> None:
        """These events were sent, as often; of a retry either may be first."""
        wait_until(lambda: same(self.watch.types(task), types), "all are sent", 10.0)

    def leaves(self, task: str, *lines: str) -> None:
        wait_until(lambda: same(left(self.ledger, task), lines), "all are left", 10.0)

    def asks(self, what: str, **given: Any) -> Any:
        """The worker's reply to a command of remote control."""
        (reply,) = self.control.broadcast(what, given, reply=True, limit=1, timeout=LONG)
        return next(iter(reply.values()))

    def _task(self, id: str) -> str:
        return self.engine.attempts(id)[0].celery_id


def same(seen: Sequence[str], wanted: Sequence[str]) -> bool:
    assert sorted(seen) == sorted(wanted)
    return True


@pytest.mark.parametrize("pool", KINDS)
def test_steps_are_tasks_like_any_other(
    engine: Client,
    serve: Serve,
    control: Control,
    ledger: Path,
    redis_server: RedisServer,
    say: Callable[[str], None],
    pool: str,
) -> None:
    if pool == "threads" and VERSION < (5, 7):
        pytest.skip("Celery 5.6 may lose events that threads send")
    # It is late for the one when the worker has come up.
    late, in_time = (
        engine.start(f"watched:short(- $celery: {{expires: {seconds}}} -)") for seconds in (0.1, 60)
    )
    with watching(broker_url(redis_server)) as watch:
        scene = Scene(engine, serve(pool, app="watched"), control, watch, ledger)
        assert watch.online.wait(LONG)
        see_what_expired(scene, late, in_time)
        see_ends(scene)
        see_itself(scene)
        see_rates(scene)
        if pool in ANSWERING:
            see_inspection(scene, say, POOLS[pool])
            see_revocation(scene, say, ends=pool in ENDING)
        see_limits(scene, LIMITS.get(pool, set()))


def see_what_expired(scene: Scene, late: str, in_time: str) -> None:
    scene.fails(late, "celery.exceptions.TaskRevokedError: expired")
    assert scene.finishes(in_time) is None


def see_ends(scene: Scene) -> None:
    id, task = scene.start("watched:succeed([1, 2])")
    scene.finishes(id)
    scene.leaves(task, *BEGUN, *SUCCEEDED)
    scene.says(task, "received", "started", "succeeded")
    received, started, succeeded = scene.watch.of(task)
    for name, value in {
        "name": "watched.succeed",
        "args": "(1, 2)",
        "kwargs": "{}",
        "root_id": task,
        "parent_id": None,
        "retries": 0,
        "eta": None,
        "expires": None,
    }.items():
        assert received[name] == value, name
    assert started["hostname"] == succeeded["hostname"] == received["hostname"]
    assert task in succeeded["result"]
    assert succeeded["runtime"] > 0
    id, task = scene.start("watched:fail")
    scene.fails(id, "ValueError: no")
    scene.leaves(task, *BEGUN, *FAILED)
    scene.says(task, "received", "started", "failed")
    failed = scene.watch.of(task)[-1]
    assert failed["exception"] == "ValueError('no')"
    assert failed["traceback"].startswith("Traceback")
    id, task = scene.start("watched:retry")
    assert scene.finishes(id) == 1
    scene.leaves(task, *BEGUN, *RETRIED, *BEGUN, *SUCCEEDED)
    scene.says(task, *("received", "started", "retried"), *("received", "started", "succeeded"))
    by_type = {event["type"]: event for event in scene.watch.of(task)}
    assert "busy" in by_type["task-retried"]["exception"]
    assert (by_type["task-received"]["retries"], by_type["task-received"]["root_id"]) == (1, task)


def see_itself(scene: Scene) -> None:
    id, task = scene.start("watched:succeed(- word: x -)", [3, 4])
    (attempt,) = scene.engine.attempts(id)
    seen = scene.finishes(id)
    token = seen["littleflow"].pop("token")
    assert token.startswith(f"{attempt.activation}.{attempt.number}-")
    (event,) = (one for one in scene.watch.of(task) if one["type"] == "task-received")
    assert seen == {
        "id": task,
        "root_id": task,
        "parent_id": None,
        "correlation_id": task,
        "hostname": event["hostname"],
        "retries": 0,
        "task": "watched.succeed",
        "args": [3, 4],
        "kwargs": {"word": "x"},
        "delivery_info": {
            "exchange": "",
            "routing_key": "celery",
            "priority": None,
            "redelivered": False,
        },
        "littleflow": {"workflow": id, "index": 1},
        "is_eager": False,
        "called_directly": False,
        "timelimit": [None, None],
    }


def see_rates(scene: Scene) -> None:
    """One task has a limit of its own, the other is given one. All are taken before they may run:
    so they leave room for others.
    """
    assert "ok" in scene.asks("rate_limit", task_name="watched.free", rate_limit="2/s")
    began = {
        name: [scene.start(f"watched:{name}") for _ in range(3)] for name in ("limited", "free")
    }
    for name, runs in began.items():
        # Celery 5.6 lets two begin at once.
        _, second, third = sorted(scene.finishes(id) for id, _ in runs)
        assert third - second > 0.45, name
    assert "ok" in scene.asks("rate_limit", task_name="watched.free", rate_limit=0)


def see_inspection(scene: Scene, say: Callable[[str], None], slots: int) -> None:
    """While all slots are taken, and one task more is in hand, which is revoked."""
    # The worker has to know that tasks are short.
    scene.finishes(scene.engine.start(" → ".join(["watched:short(- $bind: none -)"] * 20)))
    runs = [scene.start("watched:wait(- line: go -)") for _ in range(slots)]
    tasks = {task for _, task in runs}

    def active() -> Any:
        found = scene.asks("active")
        assert {one["id"] for one in found} == tasks
        return found

    for shown in wait_until(active, "all are active"):
        assert shown["name"] == shown["type"] == "watched.wait"
        assert shown["kwargs"] == {"line": "go"}
        assert shown["hostname"] in scene.worker.output
        assert shown["delivery_info"]["routing_key"] == "celery"
        assert shown["time_start"]
        assert shown["worker_pid"]
    revoked, task = scene.start("watched:free")
    # Green pools are given nothing that waits for a slot.
    if "gevent" not in scene.worker.process.args:
        wait_until(lambda: [one["id"] for one in scene.asks("reserved")] == [task], "it waits")
    assert "ok" in scene.asks("revoke", task_id=task)
    (one, *_) = tasks
    assert scene.asks("query_task", ids=[one])[one][0] == "active"
    say("go")
    for id, _ in runs:
        scene.finishes(id)
    scene.fails(revoked, "celery.exceptions.TaskRevokedError: revoked")
    wait_until(lambda: scene.watch.types(task)[-1:] == ["revoked"], "it is said")
    assert "prerun" not in left(scene.ledger, task)
    assert scene.asks("stats")["total"]["watched.wait"] == slots


def see_revocation(scene: Scene, say: Callable[[str], None], *, ends: bool) -> None:
    """One that runs goes on, unless it is to be terminated, and the pool can do that."""
    runs, stays = (scene.start(f"watched:wait(- line: {line} -)") for line in ("later", "never"))
    for _, task in (runs, stays):
        scene.leaves(task, "received", "prerun", "waits")
    assert "ok" in scene.asks("revoke", task_id=runs[1])
    reply = scene.asks("revoke", task_id=stays[1], terminate=True)
    if ends:
        scene.fails(stays[0], "celery.exceptions.TaskRevokedError: terminated")
        events = wait_until(lambda: scene.watch.of(stays[1])[2:], "it is said")
        assert (events[0]["type"], events[0]["terminated"]) == ("task-revoked", True)
    else:
        assert "error" in reply
        say("never")
        scene.finishes(stays[0])
    say("later")
    scene.finishes(runs[0])


def see_limits(scene: Scene, kept: set[str]) -> None:
    names = ("soft", "hard", "soft", "hard")
    runs = [(name, scene.engine.start(f"watched:{name}(- seconds: 0.4 -)")) for name in names]
    for name, id in runs:
        if name in kept:
            assert ended(scene.engine, id) is WorkflowState.FAILED
            assert "TimeLimitExceeded" in scene.engine.state(id).reason
        else:
            assert scene.finishes(id) == "late"
            said = f"event=limit-not-kept task=watched.{name}"
            assert scene.worker.output.count(said) == 1, "once"
