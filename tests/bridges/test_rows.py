"""Each row of ``$bind: auto`` on a real worker, beside what Celery's own canvas gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, chain, chord, group

from littleflow_redis import TaskListener, run_local
from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.calls.call_options import CallOptions
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.engine.model.records import VERSION
from littleflow_redis.engine.store.settings import Settings, read_settings
from tests.support import LONG, RedisServer, Spawned

from .conftest import APPS, app_of, celery_worker
from .serving import bridge_of, running

#: Why a row gives another value than a chain, which has no other way than to pass a result whole.
BY_NAME = "an object that has the names of what is required is meant for them"
BY_ITEMS = "a function of several values is given a list of them; a chain can only fail"
NOT_GIVEN = "what takes nothing more, or whose parameters are all named, is given nothing of it"
NO_OBJECT = "{} is an object without names: what requires none is called without arguments"
SPREAD = "a function of any number of values is given the values of a list"

ROWS, HEAD = ["row0", "row1"], {"rows": 5, "more": 6}

#: What came before, the task, its parameters, how it was called; why a chain calls it otherwise.
WHOLE: list[tuple[Any, str, Any, Any]] = [
    (ROWS[:0], "titled", {}, {"rows": [], "title": "Report"}),
    (ROWS[:1], "titled", {}, {"rows": ["row0"], "title": "Report"}),
    (ROWS, "titled", {}, {"rows": ROWS, "title": "Report"}),
    ([*ROWS, 3], "titled", {"title": "T"}, {"rows": [*ROWS, 3], "title": "T"}),
    (ROWS, "titled", ["T"], {"rows": ROWS, "title": "T"}),
    (None, "one", {}, {"x": None}),
    ({}, "one", {}, {"x": {}}),
    (5, "one", {}, {"x": 5}),
    ("text", "one", {}, {"x": "text"}),
    (False, "optional", {}, {"x": False, "y": 2}),
    (None, "optional", {"y": 3}, {"x": None, "y": 3}),
    (HEAD, "optional", {}, {"x": HEAD, "y": 2}),
    ({"x": 5, "y": 6}, "optional", {}, {"x": {"x": 5, "y": 6}, "y": 2}),
    ({"title": "T"}, "titled", {}, {"rows": {"title": "T"}, "title": "Report"}),
    ([1], "two", {"y": 2}, {"x": [1], "y": 2}),
    (1, "two", [2], {"x": 1, "y": 2}),
    (None, "many", {}, {"items": [None]}),
    (HEAD, "many", {}, {"items": [HEAD]}),
    ([1, 2], "one_and_more", {}, {"x": [1, 2], "items": []}),
    ([1, 2], "one_and_options", {"k": 3}, {"x": [1, 2], "rest": {"k": 3}}),
    (HEAD, "one_and_options", {}, {"x": HEAD, "rest": {}}),
    (5, "anything", {"k": 3}, {"items": [5], "rest": {"k": 3}}),
]
OTHERWISE: list[tuple[Any, str, Any, Any, str]] = [
    (5, "nothing", {}, "called", NOT_GIVEN),
    ([1, 2], "nothing", {}, "called", NOT_GIVEN),
    (HEAD, "one", {"x": 1}, {"x": 1}, NOT_GIVEN),
    (None, "named", {"x": 2}, {"x": 2}, NOT_GIVEN),
    (HEAD, "titled", {}, {"rows": 5, "title": "Report"}, BY_NAME),
    ({"x": 1, "y": 2, "z": 3}, "two", {}, {"x": 1, "y": 2}, BY_NAME),
    ({"y": 2}, "two", {"x": 1}, {"x": 1, "y": 2}, BY_NAME),
    ({"x": 1, "k": 2}, "one_and_options", {}, {"x": 1, "rest": {"k": 2}}, BY_NAME),
    ({"k": 2}, "options", {}, {"rest": {"k": 2}}, BY_NAME),
    ({"x": 2, "k": 3}, "named", {}, {"x": 2}, BY_NAME),
    ({"k": 2}, "anything", {}, {"items": [], "rest": {"k": 2}}, BY_NAME),
    ({}, "optional", {}, {"x": 1, "y": 2}, NO_OBJECT),
    ({}, "many", {}, {"items": []}, NO_OBJECT),
    ({}, "titled", {"rows": 1}, {"rows": 1, "title": "Report"}, NO_OBJECT),
    ([1, 2], "two", {}, {"x": 1, "y": 2}, BY_ITEMS),
    ([1, 2, 3], "two_and_more", {}, {"x": 1, "y": 2, "items": [3]}, BY_ITEMS),
    ([1, 2, 3], "many", {}, {"items": [1, 2, 3]}, SPREAD),
    ([], "many", {}, {"items": []}, SPREAD),
    ([1, 2], "anything", {"k": 3}, {"items": [1, 2], "rest": {"k": 3}}, SPREAD),
]
#: The same, and what is said; a chain fails as well, for the call that it makes does.
ERRORS: list[tuple[Any, str, Any, str]] = [
    ([1], "two", {}, "a list of 1 came, and a list of 2 fits"),
    ([1, 2, 3], "two", {}, "a list of 3 came, and a list of 2 fits"),
    ([1], "two_and_more", {}, "a list of 1 came, and a list of 2 or more fits"),
    (5, "two", {}, "missing a required argument: 'y'"),
    (5, "named", {}, "a number has no names; to pass nothing of the input, set `$bind: none`"),
    (None, "options", {}, "null has no names; to pass nothing of the input, set `$bind: none`"),
    (5, "titled", {"rows": 1}, "multiple values for argument 'rows'; to pass nothing of the input"),
    (5, "one", {"y": 1}, "unexpected keyword argument 'y'"),
]
#: Outputs of several steps, the task that they lead to, how it was called.
JOINS: list[tuple[list[Any], str, Any]] = [
    ([1, None, {}], "titled", {"rows": [1, None, {}], "title": "Report"}),
    ([None, None], "one", {"x": [None, None]}),
    ([2, 4], "optional", {"x": [2, 4], "y": 2}),
    ([[1], [2]], "one_and_more", {"x": [[1], [2]], "items": []}),
]


@pytest.fixture(scope="module")
def shared_worker(
    celery_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spawned]:
    with celery_worker("called", celery_environment, tmp_path_factory, "--pool", "solo") as process:
        yield process


@pytest.fixture
def app(
    celery_environment: dict[str, str],
    shared_worker: Spawned,
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Celery]:
    monkeypatch.syspath_prepend(APPS)
    with app_of("called", celery_environment) as app:
        yield app


@pytest.fixture
def bridge(engine: Client, app: Celery, quick_watch: None) -> Iterator[Bridge]:
    with running(bridge_of(engine, app)) as bridge:
        yield bridge


def step(task: str, parameters: Any, category: str = "math") -> str:
    return (
        f"{category}:{task}({json_values.dump(parameters)})" if parameters else f"{category}:{task}"
    )


def flow_of(before: Any, task: str, parameters: Any, category: str = "math") -> str:
    given = step("give", {"value": before}, category)
    return f"{given} → {step(task, parameters, category)}"


def by_hand(app: Celery, task: str, parameters: Any) -> Any:
    """The signature that stands for the step in a canvas."""
    made = app.tasks[f"called.{task}"]
    return made.s(**parameters) if isinstance(parameters, dict) else made.s(*parameters)


def chained(app: Celery, before: Any, task: str, parameters: Any) -> Any:
    """What Celery's chain gives; what is raised, where it cannot even make the call."""
    link = by_hand(app, task, parameters)
    try:
        # As a worker does with the result of the task before.
        link.apply_async((before,)).get(timeout=LONG)
    except TypeError as error:
        return error
    return chain(app.tasks["called.give"].s(value=before), link).apply_async().get(timeout=LONG)


def side_by_side(engine: Client, app: Celery, cases: list[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Each case, what Celery gives or raises, and the workflow's output or failure.

    Celery comes first: while the bridge in this process publishes, nobody in it can get a result.
    """
    canvas = [chained(app, *case[:3]) for case in cases]
    started = [engine.start(flow_of(*case[:3])) for case in cases]
    for case, by_celery, workflow in zip(cases, canvas, started, strict=True):
        try:
            output = engine.wait(workflow, timeout=LONG)
        except WorkflowFailed as failure:
            output = failure
        yield case, by_celery, output


@pytest.mark.usefixtures("bridge")
def test_whole_is_what_a_chain_gives(engine: Client, app: Celery) -> None:
    for (before, task, _, called), by_celery, output in side_by_side(engine, app, WHOLE):
        assert output == by_celery == called, (before, task)


@pytest.mark.usefixtures("bridge")
def test_whole_is_what_the_body_of_a_chord_gets(engine: Client, app: Celery) -> None:
    give = app.tasks["called.give"]
    for outputs, task, called in JOINS:
        text = " ".join(step("give", {"value": output}) for output in outputs)
        header = group(give.s(value=output) for output in outputs)
        by_celery = chord(header, by_hand(app, task, {})).apply_async().get(timeout=LONG)
        workflow = engine.start(f"{{ {text} }} → {step(task, {})}")
        assert engine.wait(workflow, timeout=LONG) == by_celery == called, (outputs, task)


@pytest.mark.usefixtures("bridge")
def test_keywords_items_and_nothing_are_not_what_a_chain_gives(engine: Client, app: Celery) -> None:
    for (before, task, _, called, why), by_celery, output in side_by_side(engine, app, OTHERWISE):
        assert output == called, (before, task)
        if isinstance(by_celery, TypeError):
            assert why != SPREAD, (before, task, by_celery)
        else:
            assert by_celery != called, (before, task)


@pytest.mark.usefixtures("bridge")
def test_what_fits_nothing_fails_in_a_chain_too(engine: Client, app: Celery) -> None:
    for (before, task, _, told), by_celery, output in side_by_side(engine, app, ERRORS):
        assert isinstance(by_celery, TypeError), (before, task)
        assert isinstance(output, WorkflowFailed), (before, task)
        assert told in str(output), (before, task)


@pytest.mark.usefixtures("bridge")
def test_at_the_start_a_step_is_called_as_by_delay(engine: Client, app: Celery) -> None:
    """Without an input a step has its own parameters, and nothing else."""
    cases: list[tuple[str, Any]] = [("nothing", {}), ("two", [1, 2]), ("two", {"x": 1, "y": 2})]
    cases += [("titled", [1]), ("many", [1, 2]), ("options", {"k": 1}), ("optional", {})]
    for task, parameters in cases:
        by_celery = by_hand(app, task, parameters).delay().get(timeout=LONG)
        for input in (None, {}):
            workflow = engine.start(step(task, parameters), input)
            assert engine.wait(workflow, timeout=LONG) == by_celery, (task, parameters)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        by_hand(app, "one", {}).delay()
    with pytest.raises(WorkflowFailed, match=r"with nothing as input.*required argument: 'x'"):
        engine.wait(engine.start(step("one", {})), timeout=LONG)


def functions(app: Celery) -> dict[str, Any]:
    """The functions in the tasks."""
    tasks = {name.partition(".")[2]: task for name, task in app.tasks.items()}
    return {name: tasks[name].run for name in tasks if app.tasks.get(f"called.{name}")}


CASES = [*WHOLE, *(case[:4] for case in OTHERWISE)]


def test_a_local_run_calls_the_same(app: Celery) -> None:
    for before, task, parameters, called in CASES:
        output = run_local(flow_of(before, task, parameters), functions(app))
        assert output == called, (before, task)


def test_a_native_listener_calls_the_same(
    engine: Client, app: Celery, redis_server: RedisServer
) -> None:
    listener = TaskListener("native", client=Client(redis_server.url))
    for name, function in functions(app).items():
        listener.task(name)(function)
    with listener:
        started = [engine.start(flow_of(*case[:3], "native")) for case in CASES]
        for (before, task, _, called), workflow in zip(CASES, started, strict=True):
            assert engine.wait(workflow, timeout=LONG) == called, (before, task)


def test_what_is_set_wins_over_what_the_run_says(
    engine: Client, app: Celery, quick_watch: None
) -> None:
    """Step over task over category over the run; runs of before spread to their end."""
    category = read_settings({"categories": {"math": {"bind": "none"}}}, "category")
    task = read_settings({"tasks": {"math:many": {"bind": "whole"}}}, "task")
    text = "<[1, 2]> → { math:many  math:optional  math:many(- $bind: spread -) }"

    def outputs(*layers: Settings) -> Any:
        with running(bridge_of(engine, app, rules=CallOptions(layers))):
            found = engine.wait(engine.start(text), timeout=LONG)
        return [next(iter(output.values())) for output in found]

    assert outputs() == [[1, 2], [1, 2], [1, 2]]
    assert outputs(category) == [[], 1, [1, 2]]
    assert outputs(category, task) == [[[1, 2]], 1, [1, 2]]
    engine.transitions.version = 1
    old = engine.start("<[1, 2]> → math:optional")
    engine.transitions.version = VERSION
    with running(bridge_of(engine, app)):
        assert engine.wait(old, timeout=LONG) == {"x": 1, "y": 2}
