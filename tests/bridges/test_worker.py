"""Resolve, bind, publish and collect, with a real Celery worker on the other side."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery

from littleflow_redis.bridges.broker.backends import result_backend
from littleflow_redis.bridges.broker.publish import Publisher
from littleflow_redis.bridges.broker.result_subscriber import ResultSubscriber
from littleflow_redis.bridges.broker.results import Results
from littleflow_redis.bridges.calls.signatures import task_signature
from littleflow_redis.bridges.calls.task_call import TaskCall
from littleflow_redis.bridges.calls.task_ids import celery_id
from littleflow_redis.bridges.calls.task_lookup import Found, TaskLookup
from littleflow_redis.bridges.ends.task_error import UNREADABLE
from littleflow_redis.bridges.ends.task_result import TaskResult
from littleflow_redis.engine.model.json_values import MAX_OUTPUT
from littleflow_redis.engine.model.typed_values import split
from littleflow_redis.tasks.binding import bind
from tests.support import Spawned, wait_until

HEADER = {"workflow": "workflow:w", "index": 3, "token": "1.1-n"}

#: base, input, parameters, output
SUCCESSES: list[tuple[str, Any, Any, Any]] = [
    ("math:add", {}, [2, 3], 5),
    ("math:add", [2, 3], {}, 5),
    ("math:add", {"x": 2, "y": 1, "unused": 9}, {"y": 3}, 5),
    ("math:mul", 4, {}, 8),
    ("math:greet", {"name": "you"}, {}, "hello you"),
    ("math:greet", "you", {"greeting": "good day"}, "good day you"),
    ("math:total", [1, 2, 3], {"$bind": "whole"}, 6),
    ("math:silent", {}, {}, "stored all the same"),
    ("math:weekly_summary", {}, {}, "quiet"),
    ("math:whoami", {}, {}, {"id": "lf:math:w:9:1.1-n", "attempt": HEADER}),
    (
        "math:typed",
        {},
        {},
        {
            "day": "2024-02-29",
            "moment": "2024-02-29T12:30:00+00:00",
            "price": "1.10",
            "id": "00000000-0000-0000-0000-000000000001",
            "text": "text",
            "binary": "/wA=",
            "pair": [1, 2],
        },
    ),
]

#: base, input, type of the error, part of the message
FAILURES: list[tuple[str, Any, str, str]] = [
    ("math:order", "shoes", "plain.OutOfStock", "('shoes', 3)"),
    ("math:add", [1, "text"], "TypeError", "unsupported operand"),
    ("math:unencodable", {}, "kombu.exceptions.EncodeError", "not JSON serializable"),
    ("math:not-a-number", {}, UNREADABLE, "not JSON compliant"),
    ("math:large", 2 * MAX_OUTPUT, UNREADABLE, "store it elsewhere"),
]


def call(app: Celery, number: int, base: str, input: Any, parameters: Any = None) -> TaskCall:
    mode = "spread"
    if isinstance(parameters, dict):
        parameters = dict(parameters)
        mode = parameters.pop("$bind", mode)
    found = TaskLookup(app.tasks, ("plain",)).resolve(base)
    assert isinstance(found, Found), found
    args, kwargs = bind(task_signature(app.tasks[found.task]), input, parameters, mode)
    id = celery_id("math", "workflow:w", number, "1.1-n")
    return TaskCall(id, found.task, args, kwargs, HEADER)


@pytest.fixture
def calls(app: Celery) -> list[TaskCall]:
    sets = [(base, input, more) for base, input, more, _ in SUCCESSES]
    sets += [(base, input, {}) for base, input, *_ in FAILURES]
    return [call(app, number, *one) for number, one in enumerate(sets)]


def check(results: dict[str, TaskResult]) -> None:
    ordered = [results[celery_id("math", "w", n, "1.1-n")] for n in range(len(results))]
    for (base, *_, output), result in zip(SUCCESSES, ordered, strict=False):
        assert result.state == "SUCCESS", (base, result)
        assert json.loads(split(result.output or "")[0]) == output
    failures = ordered[len(SUCCESSES) :]
    for (base, _, kind, message), result in zip(FAILURES, failures, strict=True):
        assert result.error is not None, base
        assert result.error.type == kind
        assert message in result.error.message
        if kind == "plain.OutOfStock":
            assert "raise OutOfStock(item, 3)" in result.error.traceback


def test_a_worker_runs_what_was_published_and_its_results_are_heard_and_found(
    app: Celery, worker: Callable[..., Spawned], calls: list[TaskCall]
) -> None:
    results = Results(result_backend(app))
    with ResultSubscriber(results, ["math"]) as watch:
        wait_until(lambda: results.backend.client.pubsub_numpat() == 1, "the watch listens")
        assert Publisher(app).publish(calls) == []
        worker()
        heard: dict[str, TaskResult] = {}
        wait_until(
            lambda: (
                heard.update({r.id: r for r in watch.take(1) if r.ended})
                or len(heard) == len(calls)
            ),
            "all results were heard",
        )
    check(heard)
    found = {result.id: result for result in results.fetch(call.id for call in calls)}
    assert found == heard


def test_results_stored_while_nobody_listened_are_found(
    app: Celery, worker: Callable[..., Spawned], calls: list[TaskCall]
) -> None:
    results = Results(result_backend(app))
    Publisher(app).publish(calls)
    worker("--pool", "threads", "--concurrency", "4")
    found: dict[str, TaskResult] = {}
    wait_until(
        lambda: (
            found.update({r.id: r for r in results.fetch(call.id for call in calls)})
            or len([result for result in found.values() if result.ended]) == len(calls)
        ),
        "all results were found",
    )
    check(found)


def test_a_task_that_runs_twice_under_one_id_has_one_result(
    app: Celery, worker: Callable[..., Spawned]
) -> None:
    """A bridge that dies between publishing and its note of it publishes again."""
    again = TaskCall("lf:math:w:1:1.1-n", "plain.add", [2, 3])
    last = TaskCall("lf:math:w:2:1.1-n", "plain.add", [1, 1])
    Publisher(app).publish([again, again, last])
    worker()
    results = Results(result_backend(app))
    wait_until(lambda: list(results.fetch([last.id])), "the last one has ended")
    assert [result.output for result in results.fetch([again.id])] == ["5"]
