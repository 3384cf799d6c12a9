"""Tasks of the shapes that Celery's own integration tests run, as steps on two kinds of pool."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from tests.support import LONG

from .conftest import APPS, app_of, celery_worker
from .serving import bridge_of, running

POOLS = {"prefork": ("--concurrency", "2"), "threads": ("--pool", "threads", "--concurrency", "4")}

#: Flow, output.
VALUES: list[tuple[str, Any]] = [
    ("shape:add([1, 2])", 3),
    ("shape:add([1, 2]) → shape:add(- y: 4 -)", 7),
    ("<[1, 2]> → shape:add", 3),
    ("shape:add_loosely([1, 2])", 3),
    ("shape:add_ignored([1, 2])", 3),
    ("shape:starts_chain([1, 2])", None),
    ("shape:starts_chord([1, 2])", None),
    ("{ shape:add([1, 1]) shape:add([2, 2]) } → shape:total", 6),
    ("{ shape:identity(- x: [1, 2] -) shape:add([2, 2]) } → shape:total_of_all", 7),
    ("<[1, 2, 3]> → shape:slow_total", 6),
    ("shape:replaced([1, 2]) → shape:add(- y: 4 -)", 7),
    ("shape:replaced_by_chain([1, 2, 3])", 6),
    ("shape:replaced_by_group(- {numbers: [1, 2, 3], more: 4} -) → shape:total", 18),
    ("shape:replaced_by_chord(- {numbers: [1, 2, 3], more: 4} -)", 18),
    ("shape:replaced_twice", "end"),
    ("shape:prints", None),
    ("shape:sleeps(- {seconds: 0, more: 1} -) → shape:identity", None),
    ("shape:ids([5])", [True, None, 5]),
    ("shape:ids([5]) → shape:collects_ids(- i: 6 -)", [[True, None, 5], [None, 6]]),
    ("shape:tries_again(- value: 7 -)", 7),
    ("shape:by_class(- value: 7 -)", 7),
    ("shape:add_model(- data: {x: 1, y: 2} -)", {"result": 3}),
    ("<- {x: 1, y: 2} -> → shape:add_annotated", {"result": 3}),
    ("shape:rejected_first", "ran"),
    ("shape:declared_limits", [60, 45]),
    ("shape:stored_then_rejected", "stored"),
]
#: Flow, a part of the reason.
FAILURES: list[tuple[str, str]] = [
    ("shape:raises([1, 2])", "ValueError: deliberate error"),
    ("<- 1 -> → shape:fails", "Expected: 1"),
    ("shape:fails_unpickleable(- [a, b] -)", "Unpickleable"),
    ("shape:replaced_by_broken_chain([1])", "ValueError: deliberate error"),
    ("shape:replaced_by_nothing", "Cannot replace with an empty chain"),
    ("shape:replaced_by_failure([1])", "Expected: 1"),
    ("shape:gives_up", "Expected: last"),
    ("shape:gives_up_unpickleable(- {first: a, second: b, retry: {max_retries: 0}} -)", "Unpick"),
    ("shape:rejected", "rejected"),
    ("shape:limits_that_cannot_be", "time_limit"),
]
#: Flow, outputs by pool: what Celery itself does otherwise.
DIFFERENT: list[tuple[str, dict[str, Any]]] = [
    # Soft limits are signals, which threads cannot be sent.
    ("shape:guarded_total(- numbers: [1, 2] -)", {"prefork": "cut short", "threads": 3}),
]


@pytest.fixture(scope="module", params=POOLS)
def pool(
    request: pytest.FixtureRequest,
    celery_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    options = POOLS[request.param]
    with celery_worker("shapes", celery_environment, tmp_path_factory, *options):
        yield request.param


@pytest.fixture
def app(
    celery_environment: dict[str, str], pool: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Celery]:
    monkeypatch.syspath_prepend(APPS)
    with app_of("shapes", celery_environment) as app:
        # A task as a class is only in the app that it was registered in.
        app.register_task(importlib.import_module("shapes").ByClass())
        yield app


@pytest.fixture
def bridge(engine: Client, app: Celery, quick_watch: None) -> Iterator[Bridge]:
    with running(bridge_of(engine, app, "shape")) as bridge:
        yield bridge


@pytest.mark.usefixtures("bridge")
def test_every_shape_runs_as_a_step(engine: Client, pool: str) -> None:
    expected = [*VALUES, *((flow, outputs[pool]) for flow, outputs in DIFFERENT)]
    started = [engine.start(flow) for flow, _ in expected]
    found = {flow: outcome(engine, id) for (flow, _), id in zip(expected, started, strict=True)}
    assert found == dict(expected)


@pytest.mark.usefixtures("bridge")
def test_a_signature_that_is_returned_is_data_and_not_run(engine: Client) -> None:
    output = engine.wait(engine.start("shape:nested_signature"), timeout=LONG)
    assert output["task"] == "celery.chain"
    assert [link["args"] for link in output["kwargs"]["tasks"]] == [[1, 1], [2], [3]]


@pytest.mark.usefixtures("bridge")
def test_every_failure_is_the_step_s(engine: Client, pool: str) -> None:
    started = [engine.start(flow) for flow, _ in FAILURES]
    found = [outcome(engine, id) for id in started]
    wrong = {
        flow: output
        for (flow, reason), output in zip(FAILURES, found, strict=True)
        if not isinstance(output, WorkflowFailed) or reason not in str(output)
    }
    assert wrong == {}


def outcome(engine: Client, workflow: str) -> Any:
    """The output, or the failure."""
    try:
        return engine.wait(workflow, timeout=LONG)
    except WorkflowFailed as failure:
        return failure
