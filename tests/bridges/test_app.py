"""Loading Celery apps in the shapes that people have."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import celery
import pytest
from celery import Celery

from littleflow_redis.bridges.app import check_app, check_urls, task_refusal
from littleflow_redis.bridges.broker.backends import result_backend
from littleflow_redis.events.connection import ConfigurationError
from tests.support import Spawned

SCRIPT = Path(__file__).with_name("describe_app.py")

MODULE = """
    from celery import Celery
    app = Celery("shop")
    @app.task
    def add(x, y): return x + y
"""

PACKAGE = {
    "shop/__init__.py": "",
    "shop/celery.py": """
        from celery import Celery
        app = Celery("shop")
        app.autodiscover_tasks(["shop.orders"])
    """,
    "shop/orders/__init__.py": "",
    "shop/orders/tasks.py": """
        from celery import shared_task
        import shop.helpers
        @shared_task
        def ship(): ...
    """,
    "shop/helpers.py": "",
}

FACTORY = """
    from celery import Celery
    def make():
        app = Celery("made", include=["more"])
        @app.task(name="weekly:report")
        def report(): ...
        return app
    worker_app = make()
"""


@pytest.fixture
def describe(spawn: Callable[..., Spawned], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Write the files, load the app in a process of its own and return what was found."""

    def load(name: str, files: dict[str, str]) -> dict[str, Any]:
        folder = tmp_path / "project"
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(dedent(text))
        folder.mkdir(exist_ok=True)
        process = spawn([sys.executable, str(SCRIPT), name], cwd=folder)
        assert process.wait() == 0, process.output
        found: dict[str, Any] = json.loads(process.output.splitlines()[-1])
        return found

    return load


@pytest.mark.parametrize(
    ("name", "files", "prefixes", "tasks"),
    [
        ("one", {"one.py": MODULE}, ["shop", "one"], ["one.add"]),
        ("one:app", {"one.py": MODULE}, ["shop", "one"], ["one.add"]),
        ("one", {"one.py": MODULE.replace('"shop"', "")}, ["one"], ["one.add"]),
        (
            "one",
            {"one.py": MODULE.replace('"shop"', '"shop", autofinalize=False')},
            ["shop", "one"],
            ["one.add"],
        ),
        ("shop", PACKAGE, ["shop"], ["shop.orders.tasks.ship"]),
        ("shop.celery:app", PACKAGE, ["shop", "shop.celery"], ["shop.orders.tasks.ship"]),
        (
            "made:worker_app",
            {"made.py": FACTORY, "more.py": MODULE.replace("shop", "made")},
            ["made"],
            ["more.add", "weekly:report"],
        ),
    ],
)
def test_an_app_is_found_as_celery_finds_it(
    describe: Callable[..., dict[str, Any]],
    name: str,
    files: dict[str, str],
    prefixes: list[str],
    tasks: list[str],
) -> None:
    found = describe(name, files)
    assert found == {"prefixes": prefixes, "tasks": tasks, "folder is importable": True}


@pytest.mark.parametrize(
    ("name", "module", "sentence"),
    [
        ("absent", "", "there is no module 'absent' in "),
        ("absent", "", "start where `celery -A absent worker` is started"),
        ("one", "import no_such_library", "No module named 'no_such_library'; install it"),
        ("one", "1 / 0", "ZeroDivisionError: division by zero"),
        ("one", "x = 1", "no Celery app can be loaded from one"),
        ("one:make", "def make(): ...", "one:make is a function, not a Celery app"),
        ("one", MODULE + "    app.conf.imports = ['gone']", "task modules of one cannot be"),
        ("one", MODULE + "    app.conf.task_serializer = 'pickle'", "set task_serializer='json'"),
        ("one", MODULE + "    app.conf.task_always_eager = True", "set it to False"),
        ("one", MODULE + "    app.conf.broker_url = 'nosuch://x'", "No such transport: nosuch"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_do(
    describe: Callable[..., dict[str, Any]], name: str, module: str, sentence: str
) -> None:
    assert sentence in describe(name, {"one.py": module})["error"]


@pytest.mark.parametrize("password", ["hun#ter2", "hun/ter2", "hun?ter2", "hun[ter2", "1/hunter2"])
@pytest.mark.parametrize("form", ["redis://:{}@h/0", "amqp://u:{}@h//", "redis://a;redis://:{}@h"])
def test_nothing_is_shown_of_a_password_in_a_url(password: str, form: str) -> None:
    """Celery's `Port could not be cast to integer value as 'hun'` was shown as it is."""
    url = form.format(password)
    for setting in ("broker_url", "result_backend"):
        with pytest.raises(ConfigurationError) as raised:
            check_urls(setting, [url] if ";" not in url else url)
        assert str(raised.value).startswith(f"the URL in {setting} cannot be read: percent-encode")
        assert "hun" not in str(raised.value)


@pytest.mark.parametrize(
    "value", [None, "amqp://u:p@h//", "file:///a@b", ["redis://a", "redis://:p%23@b"], object]
)
def test_urls_that_can_be_read(value: object) -> None:
    check_urls("broker_url", value)


@pytest.mark.parametrize("setting", ["broker_url", "result_backend"])
def test_an_app_with_such_a_url_is_refused(app: Celery, setting: str) -> None:
    own = Celery("own", set_as_current=False)
    own.conf.update({"result_backend": app.conf.result_backend, setting: "redis://:hun#t@h/0"})
    check = check_app if setting == "broker_url" else result_backend
    with pytest.raises(ConfigurationError, match=f"the URL in {setting} cannot be read"):
        check(own)


@pytest.mark.parametrize("serializer", ["pickle", "application/x-python-serialize"])
def test_a_task_sent_as_pickle_is_refused(app: Celery, serializer: str) -> None:
    app.tasks["plain.add"].serializer = serializer
    assert "set serializer='json'" in str(task_refusal(app.tasks["plain.add"]))


@pytest.mark.parametrize(("version", "refused"), [((5, 6, 2), True), ((5, 6, 3), False)])
def test_a_task_whose_result_no_worker_would_store_is_refused(
    app: Celery, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], refused: bool
) -> None:
    monkeypatch.setattr(celery, "VERSION", version)
    reason = task_refusal(app.tasks["plain.silent"])
    assert (reason is not None) is refused
    assert task_refusal(app.tasks["plain.add"]) is None


def test_a_task_that_the_app_s_workers_would_drop_is_refused(app: Celery) -> None:
    app.tasks["plain.add"].serializer = "yaml"
    reason = task_refusal(app.tasks["plain.add"])
    assert reason == (
        "plain.add: the app's workers do not accept yaml: set serializer to one of json, or add "
        "'yaml' to accept_content"
    )
    assert "set serializer to one of" in str(reason)
    app.tasks["plain.add"].serializer = None
    app.conf.task_serializer = "yaml"
    assert "do not accept yaml: set task_serializer to one of json" in str(
        task_refusal(app.tasks["plain.add"])
    )
    app.tasks["plain.add"].serializer = "yaml"
    app.conf.accept_content = ["application/json", "yaml"]
    assert task_refusal(app.tasks["plain.add"]) is None
    app.conf.accept_content = None
    assert task_refusal(app.tasks["plain.add"]) is None
