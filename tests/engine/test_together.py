"""Calls of one script that share a call, and yet are each by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.exceptions import OutOfMemoryError, ResponseError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.script_batch import TOGETHER, Call, Command, run_batch

from .test_ends import Hand

#: More than two calls hold.
MANY = 2 * TOGETHER + 6


@pytest.fixture
def tasks(engine: Client) -> list[StartTask]:
    """An attempt of each of many workflows."""
    return [Hand(engine, "A").tasks["A"] for _ in range(MANY)]


def take(engine: Client, task: StartTask, owner: str = "me") -> Call:
    return engine.transitions.claim_attempt(task, owner)


def evals(engine: Client) -> int:
    stats = engine.redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))


def test_many_go_in_few_calls(engine: Client, tasks: list[StartTask]) -> None:
    run_batch(engine.redis, [take(engine, tasks[0], "other")])
    before = evals(engine)
    reports = engine.transitions.run([take(engine, task) for task in tasks])
    assert evals(engine) - before == 3
    assert [report.outcome for report in reports if not isinstance(report, Exception)] == [
        Outcome.TAKEN_BY_OTHER,
        *[Outcome.APPLIED] * (MANY - 1),
    ]
    assert {attempt.worker for attempt in engine.attempts(tasks[1].workflow)} == {""}


def test_the_failure_of_one_is_its_own(engine: Client, tasks: list[StartTask]) -> None:
    engine.redis.set(tasks[3].workflow, "no workflow")
    replies = engine.transitions.run([take(engine, task) for task in tasks[:5]])
    assert isinstance(replies[3], ResponseError)
    assert "WRONGTYPE" in str(replies[3])
    del replies[3]
    assert {getattr(reply, "outcome", None) for reply in replies} == {Outcome.APPLIED}


def test_others_between_them_keep_their_places(engine: Client, tasks: list[StartTask]) -> None:
    one, two, three = (take(engine, task) for task in tasks[:3])
    echo = Command(["ECHO", "here"])
    sign = engine.transitions.mark_started(tasks[0], "somebody")
    replies = run_batch(engine.redis, [echo, one, two, sign, three, echo])
    codes = [Outcome.APPLIED, Outcome.APPLIED, Outcome.UNCHANGED, Outcome.APPLIED]
    assert [replies[0], *(reply.outcome for reply in replies[1:-1]), replies[-1]] == [
        b"here", *codes, b"here",
    ]  # fmt: skip


def test_a_server_that_forgot_the_script_is_told_it(engine: Client, tasks: list[StartTask]) -> None:
    engine.redis.script_flush()
    reports = engine.transitions.run([take(engine, task) for task in tasks])
    assert {getattr(report, "outcome", None) for report in reports} == {Outcome.APPLIED}


def test_a_caught_error_is_of_the_class_that_callers_look_for(
    engine: Client, tasks: list[StartTask]
) -> None:
    """With Redis 6.2 a lack of memory counted as a fault of the event, for good."""
    engine.redis.config_set("maxmemory", "1")
    try:
        errors = engine.transitions.run([take(engine, task) for task in tasks[:3]])
    finally:
        engine.redis.config_set("maxmemory", "0")
    for error in errors:
        assert isinstance(error, OutOfMemoryError)
        assert is_temporary(error)
        assert str(error).startswith("OOM command not allowed")


def test_nothing_is_nothing(engine: Client) -> None:
    assert run_batch(engine.redis, []) == []


def test_each_reply_is_read_by_its_own_call(engine: Client, tasks: list[StartTask]) -> None:
    engine.redis.set(tasks[1].workflow, "no workflow")

    def read(place: int) -> Call:
        return replace(take(engine, tasks[place]), read=lambda reply: (place, reply[0]))

    echo = Command(["ECHO", "here"], read=bytes.decode)
    first, failed, last, text = run_batch(engine.redis, [read(0), read(1), read(2), echo])
    assert (first, last, text) == ((0, Outcome.APPLIED), (2, Outcome.APPLIED), "here")
    assert isinstance(failed, ResponseError)
