"""What holds for steps that do not say it: by task and category, from several places."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery

from littleflow_redis.bridges.calls.call_builder import CallBuilder, Misfit
from littleflow_redis.bridges.calls.call_options import CallOptions, app_settings
from littleflow_redis.bridges.calls.task_call import TaskCall
from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.settings import Settings, read_settings
from littleflow_redis.events.connection import ConfigurationError

QUEUES = [{"celery": {"queue": name}} for name in ("a", "b", "c", "d", "e", "f")]


def layer(where: str, **given: Any) -> Settings:
    return read_settings(given, where)


def call(app: Celery, rules: CallOptions, base: str = "math:add", **options: Any) -> TaskCall:
    task = StartTask(
        event="1-0",
        workflow="workflow:w",
        index=1,
        name=base,
        base=base,
        token="1.1-n",
        parameters={},
        input=[1, 2],
        options={name.replace("_", "$"): value for name, value in options.items()},
    )
    names = TaskLookup(app.tasks, ("plain",), rules.mapping)
    return CallBuilder(app, names, rules).call(task, "id")


def test_the_most_particular_wins_then_the_nearest_to_the_command(app: Celery) -> None:
    """Taken away one by one, best first."""
    a, b, c, d, e, f = QUEUES
    tables: list[tuple[int, str, str, Any]] = [
        (0, "tasks", "math:add", a),
        (1, "tasks", "math:add", b),
        (0, "tasks", "plain.add", c),
        (2, "tasks", "plain.add", d),
        (1, "categories", "math", e),
        (2, "categories", "math", f),
    ]
    assert call(app, _rules(tables), _celery={"queue": "own"}).options == {"queue": "own"}
    for queue in "abcdef":
        assert call(app, _rules(tables)).options == {"queue": queue}
        tables.pop(0)
    assert call(app, _rules(tables)).options == {}


def _rules(tables: list[tuple[int, str, str, Any]]) -> CallOptions:
    documents: list[dict[str, dict[str, Any]]] = [{}, {}, {}]
    for at, kind, name, options in tables:
        documents[at].setdefault(kind, {})[name] = options
    return CallOptions([read_settings(document, str(at)) for at, document in enumerate(documents)])


def test_options_of_celery_go_one_by_one(app: Celery) -> None:
    rules = CallOptions(
        [
            layer("first", tasks={"math:add": {"celery": {"priority": 3}}}),
            layer("second", categories={"math": {"celery": {"priority": 1, "queue": "slow"}}}),
        ]
    )
    assert call(app, rules).options == {"priority": 3, "queue": "slow"}
    own = call(app, rules, _celery={"expires": 60, "priority": 9})
    assert own.options == {"priority": 9, "queue": "slow", "expires": 60}
    assert call(app, rules, "text:add").options == {}


def test_bind_of_a_task_and_of_its_step(app: Celery) -> None:
    rules = CallOptions([layer("file", tasks={"math:total": {"bind": "whole"}})])
    assert call(app, rules, "math:total").args == [[1, 2]]
    with pytest.raises(Misfit, match="too many positional arguments"):
        call(app, rules, "math:total", _bind="spread")
    with pytest.raises(Misfit, match="too many positional arguments"):
        call(app, rules, "plain:total")


def test_a_task_may_be_named_for_a_step(app: Celery) -> None:
    rules = CallOptions(
        [
            layer("options", tasks={"math:sum": {"task": "plain.total", "bind": "whole"}}),
            layer("file", tasks={"math:sum": {"task": "plain.add"}}),
        ]
    )
    assert call(app, rules, "math:sum").task == "plain.total"


def test_what_the_app_itself_says(app: Celery) -> None:
    assert app_settings(app) == Settings("app.conf.littleflow")
    app.conf.littleflow = {"tasks": {"math:total": {"bind": "whole"}}}
    assert call(app, CallOptions([app_settings(app)]), "math:total").args == [[1, 2]]
    app.conf.littleflow = {"task": {}}
    with pytest.raises(ConfigurationError, match=r"littleflow: task is unknown \(did you mean ta"):
        app_settings(app)


@pytest.mark.parametrize(
    "settings",
    [
        {"CELERY_LITTLEFLOW": {"categories": {"math": {"bind": "whole"}}}},
        {"littleflow": {"categories": {"math": {"bind": "whole"}}}},
    ],
)
def test_an_app_configured_by_a_settings_object(settings: dict[str, Any]) -> None:
    app = Celery("shop", set_as_current=False)
    namespace = "CELERY" if "CELERY_LITTLEFLOW" in settings else None
    app.config_from_object(settings, namespace=namespace)
    assert app_settings(app).categories == {"math": {"$bind": "whole"}}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tasks": {"math:ad": {}}}, 'file: tasks."math:ad": no Celery task serves'),
        ({"tasks": {"math:ad": {}}}, "did you mean plain.add"),
        (
            {"tasks": {"math:add": {"celery": {"serializer": "jsn"}}}},
            'file: tasks."math:add": there is no serializer',
        ),
        (
            {"categories": {"math": {"celery": {"serializer": "x-pickle"}}}},
            "there are json, msgpack, yaml",
        ),
    ],
)
def test_settings_that_do_not_fit_the_app(app: Celery, given: Any, told: str) -> None:
    rules = CallOptions([layer("file", **given)])
    with pytest.raises(ConfigurationError) as caught:
        rules.check(app, TaskLookup(app.tasks, ("plain",)), ["math"])
    assert told in str(caught.value)


def test_a_file_may_be_shared_with_bridges_for_other_categories(app: Celery) -> None:
    given = {
        "tasks": {
            "text:ad": {"celery": {"serializer": "msgpack"}},
            "plain.add": {},
            "math:add": {},
        },
        "categories": {"text": {"celery": {"serializer": "msgpack"}}},
    }
    CallOptions([layer("file", **given)]).check(app, TaskLookup(app.tasks, ("plain",)), ["math"])


@pytest.mark.parametrize(
    ("celery", "told"),
    [
        ({"serializer": "jsn"}, "plain.add: $celery: there is no serializer 'jsn'"),
        (
            {"serializer": "yaml"},
            "workers do not accept yaml: set serializer to one of json, or add",
        ),
        ({"serializer": "pickle"}, "plain.add: $celery serializer cannot be pickle"),
        ({"task_id": "mine"}, "plain.add: $celery task_id is unknown"),
        ("slow", "plain.add: $celery needs an object"),
    ],
)
def test_a_step_s_own_options_are_checked_whoever_wrote_it(
    app: Celery, celery: Any, told: str
) -> None:
    with pytest.raises(Misfit) as caught:
        call(app, CallOptions(), _celery=celery)
    assert told in str(caught.value)


def test_times_of_categories_are_for_the_engine(app: Celery) -> None:
    rules = CallOptions(
        [
            layer("options", categories={"math": {"timeout": 5}}),
            layer("file", categories={"math": {"timeout": 9, "retry": 2}, "other": {"retry": 1}}),
        ]
    )
    found = rules.categories(["math", "text"])
    assert found == {"math": {"$timeout": 5, "$retry": {"limit": 2}}, "text": {}}
