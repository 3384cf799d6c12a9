"""What an executor does about replies that it never got, faults of its threads, and leases."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.states import Outcome, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, kind_of, start_task
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.events.entries import entries_of
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.executor.lost_replies import LostReplies
from littleflow_redis.workers.executor.roles import ASK_EVERY, LEASE, roles
from littleflow_redis.workers.executor.supervised import supervised
from tests.support import wait_until

PROCESS = "worker-1"


def start_tasks(engine: Client) -> list[StartTask]:
    rows = engine.redis.execute_command(b"XRANGE", engine.keys.events, "-", "+")
    entries = entries_of(rows, {})
    return [start_task(e.id, e.fields) for e in entries if kind_of(e.fields) == "start-task"]


def hold(engine: Client, task: StartTask) -> None:
    """Have the process claim a task from the stream."""
    publication = Publication("m", task.uuid)
    claim = engine.transitions.claim_attempt(task, "steps:m:q", PROCESS, publication, hold=True)
    engine.transitions.run([claim])


def test_what_two_looks_find_held_and_not_in_hand_is_handed_back(
    client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Client(redis=client)
    engine.start("m:A")
    (task,) = start_tasks(engine)
    hold(engine, task)
    lost = LostReplies(HeldAttempts(engine.context), PROCESS, ["m"])
    lost.look({})
    lost.look({})
    assert len(start_tasks(engine)) == 1, "nobody suspects anything"
    lost.suspect()
    lost.look({})
    assert len(start_tasks(engine)) == 1, "its reply may be on the way"
    lost.look({})
    assert [one.token for one in start_tasks(engine)] == [task.token] * 2
    assert "held-unknown" not in caplog.text
    # And so is what a message has brought, whose reply was lost.
    hold(engine, task)
    engine.transitions.mark_published("", [(Publication("m", task.uuid), "")])
    held = HeldAttempts(engine.context)
    about = (task.workflow, task.index, task.token, task.uuid, PROCESS)
    assert held.hold(*about)[0] is Outcome.APPLIED
    lost.suspect()
    lost.look({task.uuid: task})
    lost.look({task.uuid: task})
    assert held.hold(*about)[0] is Outcome.TAKEN_BY_OTHER, "it is in hand"
    lost.suspect()
    lost.look({})
    lost.look({})
    assert len(start_tasks(engine)) == 3
    assert held.hold(*about)[0] is Outcome.TAKEN_BY_OTHER, "its start-task waits"
    engine.terminate(task.workflow)
    assert held.hold(*about)[0] is Outcome.GONE


def test_what_a_fault_has_let_go_of_is_found_without_suspicion(
    client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Client(redis=client)
    engine.start("m:A")
    (task,) = start_tasks(engine)
    hold(engine, task)
    lost = LostReplies(HeldAttempts(engine.context), PROCESS, ["m"], unsuspected=0.0)
    for _ in range(2):
        lost.look({task.uuid: task})
    lost.look({})
    assert (len(start_tasks(engine)), caplog.text) == (1, ""), "it may be on the way"
    lost.look({})
    assert [one.token for one in start_tasks(engine)] == [task.token] * 2
    assert f"event=held-unknown workflow={task.workflow} step=1" in caplog.text


def test_of_those_that_must_not_run_twice_only_the_begun_are_not_handed_back(
    client: redis.Redis,
) -> None:
    """The call that was to say so failed: then a look does, or the process when it leaves."""
    engine = Client(redis=client)
    workflows = [engine.start("m:A(- $on-lost: fail -)") for _ in range(3)]
    tasks = start_tasks(engine)
    for task in tasks:
        hold(engine, task)
    first, second, third = tasks
    lost = LostReplies(HeldAttempts(engine.context), PROCESS, ["m"])
    for task in (first, second):
        lost.begin_once(task)
    lost.suspect()
    for _ in range(2):
        lost.look({second.uuid: second})
    assert engine.state(workflows[0]).state is WorkflowState.FAILED
    assert start_tasks(engine)[3:][0].token == third.token
    assert engine.state(workflows[1]).state is WorkflowState.RUNNING
    lost.release_all()
    assert engine.state(workflows[1]).state is WorkflowState.FAILED
    assert len(start_tasks(engine)) == 4
    # Nothing is remembered of them: under the same id another attempt may be handed back.
    assert not lost._begun


def test_a_thread_outlives_a_fault_that_nobody_foresaw(client: redis.Redis) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise KeyError("unforeseen")

    thread = supervised(Client(redis=client), Stop(), "test", work)
    thread.start()
    thread.join(10)
    assert len(tries) == 2
    assert not thread.is_alive()


def test_the_lifecycle_role_deletes_what_ended_long_ago(client: redis.Redis) -> None:
    engine = Client(redis=client)
    workflow = engine.start("x")
    engine.terminate(workflow)
    assert engine.terminate(workflow) is WorkflowState.TERMINATED
    (role,) = roles(engine, "one", ["lifecycle"], {WorkflowState.TERMINATED: 0})
    role.start()
    wait_until(lambda: not client.exists(engine.keys.full_id(workflow)), "it is deleted")
    role.close()


def test_a_role_has_one_holder_and_another_when_that_leaves(client: redis.Redis) -> None:
    engine = Client(redis=client)
    first, second = (roles(engine, name, ["lifecycle"])[0] for name in ("one", "two"))
    key = engine.keys.role + "lifecycle"
    first.start()
    wait_until(lambda: client.get(key) == b"one", "the first has it")
    second.start()
    first.close()
    wait_until(lambda: client.get(key) == b"two", "the second has it")
    second.close()
    assert client.get(key) is None


def test_a_role_of_a_dead_process_is_taken_over(client: redis.Redis) -> None:
    """Its lease runs out; nobody has it before."""
    assert LEASE + ASK_EVERY <= 10
    engine = Client(redis=client)
    key = engine.keys.role + "lifecycle"
    dead, other = (roles(engine, name, ["lifecycle"])[0] for name in ("dead", "other"))
    assert dead.ask()
    assert client.pttl(key) > 1000 * (LEASE - 1), "it holds for as long"
    assert not other.ask()
    client.pexpire(key, 1)
    other.start()
    wait_until(lambda: client.get(key) == b"other", "it is taken over")
    other.close()
