"""What becomes of a step, however its Celery task ends: on a real worker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.calls.call_options import CallOptions
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.engine.store.settings import read_settings
from tests.support import Spawned, wait_until

from .conftest import APPS, app_of, celery_worker
from .serving import LONG, bridge_of, check_once, in_flight, running

pytestmark = pytest.mark.usefixtures("worker", "quick_watch")


@pytest.fixture(scope="module")
def worker(
    celery_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spawned]:
    options = ("--pool", "threads", "-c", "2")
    with celery_worker("endings", celery_environment, tmp_path_factory, *options) as process:
        yield process


@pytest.fixture
def app(
    client: redis.Redis, celery_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Celery]:
    monkeypatch.syspath_prepend(APPS)
    with app_of("endings", celery_environment) as app:
        yield app


@pytest.fixture
def bridge(engine: Client, app: Celery) -> Iterator[Bridge]:
    with running(bridge_of(engine, app, "e", sweep=0.3)) as bridge:
        yield bridge


@pytest.fixture
def end(engine: Client, bridge: Bridge) -> Callable[[str], Any]:
    """Run one step; return its output, or the reason why it failed."""

    def end(step: str) -> Any:
        workflow = engine.start(step)
        try:
            output = engine.wait(workflow, timeout=LONG)
        except WorkflowFailed as failed:
            [reason] = failed.reasons
            return str(reason).partition(": ")[2]
        finally:
            wait_until(lambda: in_flight(engine, "e") == 0, "nothing is in flight")
        check_once(engine, workflow)
        return output

    return end


End = Callable[[str], Any]


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """What a task waits for before it goes on: make this file."""
    return tmp_path / "gate"


def tell(command: Callable[..., Any], what: str) -> None:
    """Tell a worker something by remote control until it answers.

    A worker says that it is ready before it hears such messages, and who does not hear them is not
    sent them again.
    """
    wait_until(lambda: command(what, reply=True), f"the worker answers {command.__name__}")


@pytest.mark.parametrize(
    ("how", "output"),
    [
        ("task", 5),
        ("chain", 7),
        ("group", [2, 3, 4]),
        ("chord", 5),
        ("chain with a group", [4, 5]),
    ],
)
@pytest.mark.parametrize("task", ["replaced", "returned", "returned-twice"])
def test_a_task_that_becomes_others_ends_as_they_end(
    end: End, task: str, how: str, output: Any
) -> None:
    assert end(f"e:{task}(- how: {how} -)") == output


@pytest.mark.parametrize("how", ["broken chain", "broken group", "broken chord"])
@pytest.mark.parametrize("task", ["replaced", "returned", "returned-twice"])
def test_a_task_that_becomes_others_fails_as_they_fail(end: End, task: str, how: str) -> None:
    assert "no such thing" in end(f"e:{task}(- how: {how} -)")


def test_what_a_task_starts_and_does_not_return_is_not_waited_for(end: End) -> None:
    assert end("e:forgets") == "done"


def test_until_what_was_returned_has_ended_inspect_says_so(
    engine: Client, bridge: Bridge, gate: Path
) -> None:
    workflow = engine.start(f"e:starts-slow(- gate: '{gate}' -)")
    note = wait_until(lambda: engine.state(workflow).steps[1].note, "it is told")
    assert "RETURNED waits for the task" in note
    gate.touch()
    assert engine.wait(workflow, timeout=LONG) == "done"


def test_terminate_revokes_what_was_returned(
    engine: Client, bridge: Bridge, app: Celery, worker: Spawned, gate: Path
) -> None:
    workflow = engine.start(f"e:starts-slow-chain(- gate: '{gate}' -)")
    wait_until(lambda: engine.state(workflow).steps[1].note, "it is told")
    [id] = bridge.context.publications.ids
    last = app.AsyncResult(id).get()
    ended = [last[0][0], last[0][1][0][0]]
    engine.terminate(workflow)
    revoked = re.compile(rf"flagged as revoked: .*(?:{'|'.join(ended)})")
    wait_until(lambda: revoked.search(worker.output), "the worker has heard of it")
    gate.touch()
    wait_until(lambda: engine.state(workflow).state.ended, "it is terminated", timeout=LONG)
    wait_until(lambda: "REVOKED" in {app.AsyncResult(id).state for id in ended}, "it is revoked")
    assert "SUCCESS" not in {app.AsyncResult(id).state for id in ended}


def test_what_was_returned_is_looked_up_between_two_sweeps(
    engine: Client, app: Celery, gate: Path
) -> None:
    with running(bridge_of(engine, app, "e", sweep=600.0)):
        workflow = engine.start(f"e:starts-slow(- gate: '{gate}' -)")
        wait_until(lambda: engine.state(workflow).steps[1].note, "it is told")
        gate.touch()
        assert engine.wait(workflow, timeout=LONG) == "done"


def test_retries_of_celery_s_own_are_shown(engine: Client, bridge: Bridge, gate: Path) -> None:
    workflow = engine.start(f"e:stubborn(- {{times: 3, gate: '{gate}'}} -)")
    for number in (1, 2, 3):
        told = f"Celery retry {number}: OSError: busy"
        wait_until(lambda told=told: engine.state(workflow).steps[1].note == told, told)
        # A bridge that is slow sees the last of several, and none that an end has covered.
        gate.with_name(f"{gate.name}{number}").touch()
    assert engine.wait(workflow, timeout=LONG) == 3
    retries = [entry.detail for entry in engine.trace(workflow) if entry.what == "celery-retry"]
    assert retries == [f"{n}: OSError: busy" for n in (1, 2, 3)]
    assert engine.state(workflow).steps[1].attempts == 1
    assert engine.state(workflow).steps[1].note == ""


def test_a_task_that_gives_up_its_retries_fails(end: End) -> None:
    assert end("e:weary") == "OSError: busy"


def test_a_state_of_the_task_s_own_is_shown(engine: Client, bridge: Bridge, gate: Path) -> None:
    workflow = engine.start(f"e:telling(- gate: '{gate}' -)")
    told = 'PROGRESS {"done":1,"of":2}'
    wait_until(lambda: engine.state(workflow).steps[1].note == told, told)
    gate.touch()
    assert engine.wait(workflow, timeout=LONG) == "done"


def test_ignore_ends_by_the_bridge_s_timeout(engine: Client, app: Celery) -> None:
    rules = CallOptions([read_settings({"categories": {"e": {"timeout": 1}}}, "options")])
    with running(bridge_of(engine, app, "e", rules=rules)):
        workflow = engine.start("e:ignore(- $retry: 1 -)")
        [wait] = wait_until(lambda: [w for w in engine.waits(workflow) if w.owner], "taken")
        assert wait.due is not None
        with pytest.raises(WorkflowFailed, match="timed out after 1 s"):
            engine.wait(workflow, timeout=LONG)
    assert engine.state(workflow).steps[1].attempts == 2


def test_ignore_after_a_state_that_the_task_stored_itself(end: End) -> None:
    assert end("e:ignore-with-a-state") == "what it stored itself"


def test_reject(end: End) -> None:
    assert end("e:reject") == "celery.exceptions.Reject: ('unreadable', False)"
    assert end("e:reject-once") == "second time"


def test_what_expired_in_its_queue_is_revoked(
    engine: Client, bridge: Bridge, app: Celery, celery_environment: dict[str, str]
) -> None:
    workflow = engine.start("e:add(- {x: 1, $celery: {expires: 0.3, queue: late}} -)")
    with redis.Redis.from_url(celery_environment["CELERY_BROKER_URL"]) as broker:
        wait_until(lambda: broker.llen("late"), "it is published")
        waiting = json.loads(broker.lindex("late", 0))
        expires = datetime.fromisoformat(waiting["headers"]["expires"])
        wait_until(lambda: datetime.now(UTC) > expires, "it is too late")
    tell(app.control.add_consumer, "late")
    with pytest.raises(WorkflowFailed, match="TaskRevokedError: expired"):
        engine.wait(workflow, timeout=LONG)


def test_a_revoked_task_is_a_failed_attempt(
    engine: Client, bridge: Bridge, app: Celery, celery_environment: dict[str, str]
) -> None:
    workflow = engine.start("e:add(- {x: 1, $retry: 1, $celery: {queue: revoked}} -)")
    with redis.Redis.from_url(celery_environment["CELERY_BROKER_URL"]) as broker:
        wait_until(lambda: broker.llen("revoked"), "it is published")
        waiting = json.loads(broker.lindex("revoked", 0))
    tell(app.control.revoke, waiting["headers"]["id"])
    tell(app.control.add_consumer, "revoked")
    assert engine.wait(workflow, timeout=LONG) == 2
    [retry] = [entry.detail for entry in engine.trace(workflow) if entry.what == "retry"]
    assert "TaskRevokedError: revoked" in retry


def test_a_task_may_be_sent_to_a_queue_of_its_own(
    engine: Client, bridge: Bridge, celery_environment: dict[str, str]
) -> None:
    workflow = engine.start("e:add(- {x: 1, $celery: {queue: slow, priority: 3}} -)")
    with redis.Redis.from_url(celery_environment["CELERY_BROKER_URL"]) as broker:
        wait_until(lambda: broker.llen("slow\x06\x163") == 1, "it waits in the queue slow")
    engine.terminate(workflow)
