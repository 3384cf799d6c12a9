"""``bridge --explain``: what it says is what the bridge does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, Task
from kombu.entity import Exchange, Queue
from pydantic import BaseModel

from littleflow_redis.bridges.calls.call_options import CallOptions
from littleflow_redis.bridges.calls.explain import explained, rows_of
from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.engine.store.settings import read_settings
from littleflow_redis.language import compile_text
from littleflow_redis.tasks.coming import Standing
from tests.support import Spawned

from .conftest import APPS


class Order(BaseModel):
    item: str


def by_place(x: Any, /, y: Any = 2) -> None: ...
def by_name(*, x: Any, y: Any = 2) -> None: ...
def both(x: Any, y: Any) -> None: ...
def anything(*args: Any, **kwargs: Any) -> None: ...
def itself(self: Task, x: Any) -> None: ...
def ordered(order: Order, times: int = 1) -> None: ...


@pytest.fixture
def app() -> Iterator[Celery]:
    with Celery("shop", set_as_current=False, broker="redis://127.0.0.1:1") as app:
        for function in (by_place, by_name, both, anything):
            app.task(function, shared=False, name=function.__name__)
        app.task(itself, shared=False, bind=True, name="proj.tasks.it-self")
        app.task(ordered, shared=False, pydantic=True, name="ordered")
        app.task(by_place, shared=False, name="a.same")
        app.task(by_place, shared=False, name="b.same")
        yield app


def explain(app: Celery, step: str, **given: Any) -> dict[str, str]:
    rules = CallOptions([read_settings(given, "file.toml")])
    names = TaskLookup(app.tasks, ("shop",), rules.mapping)
    text = explained(app, names, rules, ["math", ""], step)
    rows = (line.split("  ", 1) for line in text.splitlines() if line)
    return {title: about.strip() for title, about in rows}


#: A flow that a task of each kind serves; what is told of each step, in their order.
FLOW = """
both(- {x: 1, y: 2} -) → { by_place  other:native } → by_place
<[2, 3]> → math:both → * by_place → math:it-self(- $bind: whole -)
{ by_name(- x: 1 -) } → > both
"""
ROWS = [
    'both(x, y): {}, null, 1, [1, 2], {"x": 1, "y": 2, "more": 3} → nothing',
    'by_place(x, /, y=2): {}, null, 1, [1, 2], {"more": 3} → whole; '
    '{"x": 1, "y": 2, "more": 3} → keywords',
    "by_place(x, /, y=2): [1, 2] → whole",
    "both(x, y): [2, 3] → items",
    'by_place(x, /, y=2): {}, null, 1, [1, 2], {"more": 3} → whole; '
    '{"x": 1, "y": 2, "more": 3} → keywords',
    "proj.tasks.it-self(x): [1, 2] → whole",
    "by_name(*, x, y=2): {} → nothing; null → error: nothing is open by place, and null has no "
    "names; to pass nothing of the input, set `$bind: none` in the step's parameters; 1 → error: "
    "nothing is open by place, and a number has no names; to pass nothing of the input, set "
    "`$bind: none` in the step's parameters; [1, 2] → error: nothing is open by place, and a list "
    "of 2 (a number, a number) has no names; to pass nothing of the input, set `$bind: none` in "
    'the step\'s parameters; {"x": 1, "y": 2, "more": 3} → keywords',
    "both(x, y): {}, null, 1, {\"more\": 3} → error: missing a required argument: 'y'; [1, 2] → "
    "items; [1, 2, 3] → error: a list of 3 came, and a list of 2 fits; "
    '{"x": 1, "y": 2, "more": 3} → keywords',
]


def test_the_row_of_each_step_where_it_stands(app: Celery) -> None:
    about = (app, TaskLookup(app.tasks, ("shop",)), CallOptions(), ["", "math"])
    assert [told.call for told in rows_of(*about, compile_text(FLOW))] == ROWS


def test_a_step_is_explained_where_it_stands(app: Celery) -> None:
    flow = compile_text(
        "{ both([1, 2]) both([3, 4]) } → by_place(- {$bind: spread, $timeout: 5} -)"
    )
    names, rules = TaskLookup(app.tasks, ("shop",)), CallOptions()
    text = explained(app, names, rules, [""], "by_place", Standing(flow, flow[5]))
    assert "step               by_place (1:33)\n" in text
    assert "bind               spread (the step's own)\n" in text
    assert "timeout            5 s (the step's own)\n" in text
    assert text.endswith("input   row     is called as\n[1, 2]  spread  by_place(1, 2)\n")


#: Step, input, the row, what is said of it.
CALLS = [
    ("by_place", "{}", "whole", "by_place({})"),
    ("by_place", "null", "whole", "by_place(null)"),
    ("by_place", "1", "whole", "by_place(1)"),
    ("by_place", "[1, 2]", "whole", "by_place([1, 2])"),
    ("by_place", '{"x": 1, "y": 2, "more": 3}', "keywords", "by_place(1, y=2)"),
    ("by_place", '{"more": 3}', "whole", 'by_place({"more": 3})'),
    ("by_name", "1", "error", "the step fails: nothing is open by place, and a number has no"),
    ("by_name", '{"x": 1, "y": 2, "more": 3}', "keywords", "by_name(x=1, y=2)"),
    ("both", "[1, 2]", "items", "both(1, 2)"),
    ("both", "[1, 2, 3]", "error", "the step fails: a list of 3 came, and a list of 2 fits"),
    ("anything", "{}", "keywords", "anything()"),
    ("anything", "[1, 2]", "items", "anything(1, 2)"),
    ("anything", '{"more": 1}', "keywords", "anything(more=1)"),
    ("math:it-self", "1", "whole", "proj.tasks.it-self(1)"),
    ("math:it_self", '{"x": 1, "more": 2}', "keywords", "proj.tasks.it-self(x=1)"),
    ("math:proj:tasks:it-self", "1", "whole", "proj.tasks.it-self(1)"),
    ("ordered", '{"order": 1, "times": 2, "more": 3}', "keywords", "ordered(order=1, times=2)"),
]


@pytest.mark.parametrize(("step", "input", "row", "told"), CALLS)
def test_what_inputs_become(app: Celery, step: str, input: str, row: str, told: str) -> None:
    found = explain(app, step)[input].split(maxsplit=1)
    assert found[0] == row
    assert found[1].startswith(told)


def test_the_mode_in_force_and_from_where(app: Celery) -> None:
    assert explain(app, "math:by_place")["bind"] == "auto (nothing else is set)"
    found = explain(app, "math:by_place", tasks={"math:by_place": {"bind": "whole"}})
    assert found["bind"] == 'whole (file.toml: tasks."math:by_place")'
    assert found["[1, 2]"].split(maxsplit=1) == ["whole", "by_place([1, 2])"]
    found = explain(app, "math:anything", categories={"math": {"bind": "none"}})
    assert found["bind"] == "none (file.toml: categories.math)"
    assert found["[1, 2]"].split() == ["none", "anything()"]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("by_place", "by_place (by its name)"),
        ("math:it-self", "proj.tasks.it-self (the one task whose last part is 'it-self')"),
        ("math:mapped", "b.same (it is mapped to it)"),
        ("math:same", "none: 'math:same' could be the Celery task a.same or b.same: say which"),
        ("math:by_plac", "none: no Celery task serves 'math:by_plac': did you mean by_place"),
    ],
)
def test_which_task_serves_and_why(app: Celery, step: str, told: str) -> None:
    found = explain(app, step, tasks={"math:mapped": {"task": "b.same"}})
    assert found["served by"].startswith(told)


def test_a_category_that_is_not_served(app: Celery) -> None:
    assert explain(app, "math:by_place")["category"] == "'math'"
    assert explain(app, "by_place")["category"] == "none ('')"
    assert "add --category other" in explain(app, "other:by_place")["category"]


def test_celery_s_options_and_where_they_come_from(app: Celery) -> None:
    app.conf.task_queues = [Queue("celery"), Queue("slow", Exchange("jobs", "topic"), "k.#")]
    app.conf.task_routes = {"by_*": {"queue": "slow", "priority": 3}}
    assert explain(app, "by_place")["route"] == (
        "queue slow, exchange jobs (topic), routing key k.#, priority 3; a worker must consume it: "
        "celery worker -Q slow"
    )
    assert explain(app, "anything")["route"].startswith("queue celery;")
    app.tasks["b.same"].queue, app.tasks["b.same"].priority = "own", 4
    own = explain(app, "b.same")
    assert own["celery queue"] == "own (the task's own)"
    assert own["celery priority"] == "4 (the task's own)"
    given = {"tasks": {"b.same": {"celery": {"queue": "fast", "serializer": "yaml"}}}}
    found = explain(app, "b.same", **given)
    assert found["celery queue"] == 'fast (file.toml: tasks."b.same")'
    assert found["celery serializer"] == 'yaml (file.toml: tasks."b.same")'
    assert found["route"].startswith("queue fast;")


def test_a_router_that_raises_is_told(app: Celery) -> None:
    def route(*_: Any, **__: Any) -> None:
        raise LookupError("no table")

    app.conf.task_routes = (route,)
    assert explain(app, "by_place")["route"] == "unknown: LookupError: no table"


def test_a_task_that_is_refused(app: Celery) -> None:
    app.tasks["by_place"].serializer = "pickle"
    assert "set serializer='json' on it" in explain(app, "by_place")["refused"]


def test_times_in_force(app: Celery) -> None:
    found = explain(app, "math:by_place", categories={"math": {"timeout": "1m", "retry": 2}})
    assert found["timeout"] == "60 s (file.toml: categories.math)"
    assert found["retry"] == '{"limit": 2} (file.toml: categories.math)'
    assert "worker's --default math:queue-timeout may" in found["queue-timeout"]


def test_how_the_names_in_retry_are_understood(app: Celery) -> None:
    """A bridge that has not imported a class cannot know what derives from it."""
    retry = {"limit": 2, "on": ["IOError", "redis.TimeoutError", "no.Such"], "except": ["Odd"]}
    found = explain(app, "math:by_place", categories={"math": {"retry": retry}})
    assert found["retry on IOError"] == "and what derives from it (builtins.OSError)"
    assert "(redis.exceptions.TimeoutError)" in found["retry on redis.TimeoutError"]
    by_name = "by this name alone: the bridge has imported no such exception"
    assert found["retry on no.Such"] == found["retry except Odd"] == by_name


def test_it_needs_neither_redis_nor_broker(spawn: Callable[..., Spawned], tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text('[tasks."math:total"]\nbind = "whole"\n')
    away = "redis://127.0.0.1:1/0"
    environment = {"CELERY_BROKER_URL": away, "CELERY_RESULT_BACKEND": away, "REDIS_URL": away}
    command = [sys.executable, "-m", "littleflow_redis", "bridge", "-A", "plain"]
    flow = tmp_path / "a.flow"
    flow.write_text("wait:delay(- duration: 1 -) → { math:add([1, 2]) } → * math:mul")
    words = ("math:total", "add", str(flow))
    options = ["--config", str(config), *(word for one in words for word in ("--explain", one))]
    process = spawn([*command, *options, "--queue-timeout", "5m"], env=environment, cwd=APPS)
    assert process.wait() == 0, process.output
    assert f'whole ({config}: tasks."math:total")' in process.output
    assert "300 s (--queue-timeout: categories." in process.output
    assert process.output.count("served by") == 4
    assert "math:mul (1:56)" in process.output
