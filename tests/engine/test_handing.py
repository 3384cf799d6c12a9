"""Attempts that a script hands to its caller: claimed and held as it emits them."""

from __future__ import annotations

import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome, StepState, WorkflowState
from littleflow_redis.engine.model.task_events import EndTask
from littleflow_redis.engine.store.handing import Serving
from littleflow_redis.events.script_batch import run_batch
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import next_millisecond

from .support import append
from .unpublished import left_by_a_bridge

#: A process that serves the category `a`, and has room for all.
SERVING = Serving("c-1", {"a": "steps:a"}).packed(10_000)


def end(
    engine: Client,
    workflow: str,
    index: int,
    token: str,
    output: str = "1",
    *,
    serving: bytes = SERVING,
) -> Report:
    ended = EndTask("", workflow, index, token, True, output, "", "")
    calls = engine.transitions.apply_ends([(ended, output)], "", serving)
    (report,) = run_batch(engine.redis, calls)
    assert isinstance(report, Report)
    return report


def first_token(engine: Client, workflow: str) -> str:
    nonce: bytes = engine.redis.hget(workflow, "nonce")
    return f"1.1-{nonce.decode()}"


def test_what_is_handed_over_is_claimed_and_held(engine: Client, client: redis.Redis) -> None:
    workflow = engine.start('x → a:one(- {p: [1, {"ä": 1.0}], $timeout: 60} -)')
    report = end(engine, workflow, 1, first_token(engine, workflow), '{"i":"ü"}')
    (task,) = report.handed
    assert (task.event, task.workflow, task.index, task.base) == ("", workflow, 2, "a:one")
    assert (task.parameters, task.input) == ({"p": [1, {"ä": 1.0}]}, {"i": "ü"})
    assert engine.state(workflow).steps[2].state is StepState.RUNNING
    ((id, packed),) = client.hgetall(engine.keys.publications + "a").items()
    assert id.decode() == task.uuid
    flight = Record(packed)
    assert (
        flight[PublicationRecord.OWNER],
        flight[PublicationRecord.STATE],
        flight[PublicationRecord.EVENT],
    ) == (
        "c-1",
        "held",
        "",
    )
    assert client.zcard(engine.keys.timers) == 1
    # The first step's start-task alone.
    assert client.xlen(engine.keys.events) == 2

    assert end(engine, workflow, 2, task.token).state is WorkflowState.FINISHED
    assert end(engine, workflow, 2, task.token).outcome is Outcome.LATE
    assert client.hlen(engine.keys.publications + "a") == client.zcard(engine.keys.timers) == 0


def test_what_is_too_much_for_one_goes_through_the_stream(
    engine: Client, client: redis.Redis
) -> None:
    workflow = engine.start(f"x → {{ {'a:one ' * 1005} b:two }}")
    before = client.xlen(engine.keys.events)
    report = end(engine, workflow, 1, first_token(engine, workflow))
    assert len(report.handed) == client.hlen(engine.keys.publications + "a") == 1000
    assert client.xlen(engine.keys.events) - before == 6

    workflow = engine.start(f"x → {{ {'a:one ' * 9} }}")
    large = f'"{"x" * 500_000}"'
    report = end(engine, workflow, 1, first_token(engine, workflow), large)
    assert len(report.handed) == 7


def test_ends_that_share_a_call_share_what_one_takes(engine: Client, client: redis.Redis) -> None:
    """The bound holds for a call: per end, a batch of 32 was handed 32 times as much."""
    text = f"x → {{ {'a:one ' * 600} }}"
    workflows = [engine.start(text), engine.start(text)]
    ends = [
        EndTask("", workflow, 1, first_token(engine, workflow), True, "1", "", "")
        for workflow in workflows
    ]
    reports = run_batch(
        client, engine.transitions.apply_ends([(end, "1") for end in ends], "", SERVING)
    )
    assert [len(report.handed) for report in reports] == [600, 400]
    assert client.hlen(engine.keys.publications + "a") == 1000


def test_a_step_with_a_queue_timeout_waits_in_the_stream(
    engine: Client, client: redis.Redis
) -> None:
    """The stream is the queue that its clock measures."""
    workflow = engine.start("x → a:one(- {$queue-timeout: 60} -)")
    assert end(engine, workflow, 1, first_token(engine, workflow)).handed == ()
    assert client.exists(engine.keys.publications + "a") == 0


def test_whoever_serves_nothing_is_handed_nothing(engine: Client, client: redis.Redis) -> None:
    workflow = engine.start("x → a:one")
    assert end(engine, workflow, 1, first_token(engine, workflow), serving=b"").handed == ()
    assert client.exists(engine.keys.publications + "a") == 0


def test_an_end_without_a_token_ends_what_was_handed_over(
    engine: Client, client: redis.Redis
) -> None:
    """`littleflow_redis end`, by hand: there is no start-task to compare its id with."""
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    workflow = engine.start("x → a:one")
    append(client, engine.keys.events, by_hand(workflow))
    next_millisecond()
    end(engine, workflow, 1, first_token(engine, workflow))
    worker.turn()
    assert engine.views.state(workflow) is WorkflowState.RUNNING
    next_millisecond()
    append(client, engine.keys.events, by_hand(workflow))
    worker.turn()
    assert engine.views.state(workflow) is WorkflowState.FINISHED


def by_hand(workflow: str) -> dict[str, object]:
    return {"kind": "end-task", "workflow": workflow, "index": 2, "name": "a:one", "output": 1}


def test_deleted_it_leaves_nothing(engine: Client, client: redis.Redis) -> None:
    workflow = engine.start("x → { a:one a:two }")
    end(engine, workflow, 1, first_token(engine, workflow))
    engine.terminate(workflow)
    assert engine.terminate(workflow) is WorkflowState.TERMINATED
    engine.delete(workflow)
    assert client.exists(engine.keys.publications + "a") == 0
    assert not client.keys(f"{workflow}*")


def test_left_by_a_bridge_it_is_written_to_the_stream_once(
    engine: Client, client: redis.Redis
) -> None:
    workflow = engine.start("x → a:one")
    (task,) = end(engine, workflow, 1, first_token(engine, workflow)).handed
    left_by_a_bridge(engine, task)
    before = client.xlen(engine.keys.events)

    def rescue(after: float) -> Outcome:
        return engine.transitions.republish_unpublished(workflow, "2", task.token, "1", after)

    assert rescue(60) is Outcome.UNCHANGED
    assert rescue(0) is Outcome.APPLIED
    assert rescue(0) is Outcome.UNCHANGED
    assert client.xlen(engine.keys.events) == before + 1
    ((_, packed),) = client.hgetall(engine.keys.publications + "a").items()
    event = Record(packed)[PublicationRecord.EVENT]
    assert client.hget(engine.keys.open_attempts, event) == f"{workflow}|2|{task.token}".encode()


def test_what_is_handed_over_has_a_history(engine: Client, client: redis.Redis) -> None:
    workflow = engine.start("x → a:one")
    (task,) = end(engine, workflow, 1, first_token(engine, workflow)).handed
    (attempt,) = engine.step(workflow, 2).history
    assert (attempt.celery_id, attempt.worker) == (task.uuid, "c-1")
    assert attempt.started == attempt.queued
    last, _ = engine.changes(workflow)
    assert last[-1].state == StepState.RUNNING
