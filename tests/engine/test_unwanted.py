"""Tasks in hand that nobody wants any more, as Redis shows them to who holds them."""

from __future__ import annotations

import json

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.states import Outcome, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.model.timers import Timer
from littleflow_redis.engine.operations.unwanted import unwanted
from littleflow_redis.engine.store.held_attempts import HeldAttempts

from .test_held_attempts import WORKER, end, hold, start_tasks

OTHER = "worker-2"


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


def held_one(engine: Client, text: str = "m:A", worker: str = WORKER) -> StartTask:
    engine.start(text, workflow_id="w")
    (task,) = start_tasks(engine)
    assert hold(engine, task, worker) is Outcome.APPLIED
    return task


def shown(engine: Client, task: StartTask) -> str:
    """Whether a task is closed or ending; empty if it is neither."""
    found = unwanted(engine.context, WORKER, [task])
    return "".join(name for name, tasks in found._asdict().items() if tasks == [task])


def time_out(engine: Client) -> None:
    members = engine.redis.zrange(engine.keys.timers, 0, -1)
    engine.act([Timer.read(member) for member in members])
    assert engine.state("w").state is WorkflowState.FAILED


def test_what_is_held_is_wanted(engine: Client) -> None:
    task = held_one(engine)
    assert shown(engine, task) == ""
    assert unwanted(engine.context, WORKER, []) == ((), ())
    end(engine, task)
    assert shown(engine, task) == "closed"


def test_what_has_timed_out_is_not(engine: Client) -> None:
    task = held_one(engine, "m:A(- $timeout: 60 -)")
    time_out(engine)
    assert shown(engine, task) == "closed"


def test_what_is_terminated_may_end(engine: Client) -> None:
    task = held_one(engine)
    assert engine.terminate("w") is WorkflowState.TERMINATING
    assert shown(engine, task) == "ending"
    assert engine.terminate("w") is WorkflowState.TERMINATED
    assert shown(engine, task) == "closed"
    engine.delete("w")
    assert shown(engine, task) == "closed"


def test_what_another_process_was_given_is_wanted(engine: Client) -> None:
    task = held_one(engine)
    (mine,) = HeldAttempts(engine.context).of(WORKER, "m")
    HeldAttempts(engine.context).release(mine)
    assert shown(engine, task) == "", "it is in the stream again"
    assert hold(engine, start_tasks(engine)[-1], OTHER) is Outcome.APPLIED
    assert shown(engine, task) == ""
    published = (Publication("m", task.uuid), "")
    engine.transitions.mark_published("", [published])
    assert shown(engine, task) == ""


@pytest.mark.parametrize("follows", ["", json.dumps([["other", None], None])])
def test_of_what_a_worker_had_published_only_what_is_followed_is_kept(
    engine: Client, follows: str
) -> None:
    """Who gets the message of a retry finds it closed. Of all else bridges revoke the tasks."""
    task = held_one(engine, "m:A(- $timeout: 60 -)")
    engine.transitions.mark_published("", [(Publication("m", task.uuid, follows), "")])
    time_out(engine)
    assert engine.redis.hlen(engine.keys.abandoned_publications + "m") == bool(follows)
    assert not engine.redis.hlen(engine.keys.publications + "m")


def test_what_a_bridge_had_published_is_kept(engine: Client) -> None:
    engine.start("m:A(- $timeout: 60 -)", workflow_id="w")
    (task,) = start_tasks(engine)
    published = Publication("m", "lf:m:w:1:1.1")
    engine.transitions.run([engine.transitions.claim_attempt(task, "bridge:m", "b", published)])
    engine.transitions.mark_published("bridge:m", [(published, task.event)])
    time_out(engine)
    assert engine.redis.hlen(engine.keys.abandoned_publications + "m") == 1
