"""Apps in the shapes that people have: a real bridge and a real worker serve each, unchanged."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from tests.support import RedisServer, Spawned

from .serving import LONG, check_once

#: Tasks that tell what of ours their worker has imported.
TASKS = """
    import sys
    {imports}

    @{task}
    def add(x, y):
        return x + y

    @{task}
    def of_ours():
        return sorted(name for name in sys.modules if name.startswith("littleflow_redis"))
"""

SHARED = TASKS.format(imports="from celery import shared_task", task="shared_task")

ONE_MODULE = {
    "jobs.py": TASKS.format(
        imports="from celery import Celery\n    app = Celery('jobs')", task="app.task"
    )
}

PACKAGE = {
    "shop/__init__.py": "",
    "shop/celery.py": """
        from celery import Celery
        app = Celery("shop")
        app.autodiscover_tasks(["shop.orders", "shop.mail"])
    """,
    "shop/orders/__init__.py": "",
    "shop/orders/tasks.py": TASKS.format(imports="from shop.celery import app", task="app.task"),
    "shop/mail/__init__.py": "",
}

FACTORY = {
    "made/__init__.py": """
        from celery import Celery
        def make():
            app = Celery("made")
            app.conf.update(include=["made.jobs"])
            return app
    """,
    "made/worker.py": "from made import make\ncelery_app = make()\n",
    "made/jobs.py": SHARED,
}

DJANGO = {
    "site1/__init__.py": "from .celery import app as celery_app\n__all__ = ['celery_app']\n",
    "site1/celery.py": """
        import os
        from celery import Celery
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")
        app = Celery("site1")
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.autodiscover_tasks()
    """,
    "site1/settings.py": """
        import os
        SECRET_KEY = "x"
        USE_TZ = True
        INSTALLED_APPS = ["django.contrib.contenttypes", "orders.apps.OrdersConfig"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        CELERY_BROKER_URL = os.environ["BROKER"]
        CELERY_RESULT_BACKEND = os.environ["RESULTS"]
        CELERY_LITTLEFLOW = {"tasks": {"shop:count": {"bind": "whole"}}}
    """,
    "orders/__init__.py": "",
    "orders/apps.py": """
        from django.apps import AppConfig
        class OrdersConfig(AppConfig):
            name = "orders"
    """,
    "orders/models.py": """
        from django.db import models
        class Order(models.Model):
            item = models.TextField()
    """,
    "orders/tasks.py": SHARED
    + """
    from orders.models import Order

    @shared_task
    def count(items):
        return [Order(item=item).item for item in items]
    """,
}


@pytest.fixture
def serve(
    spawn: Callable[..., Spawned],
    redis_server: RedisServer,
    celery_environment: dict[str, str],
    tmp_path: Path,
) -> Callable[..., None]:
    """Write an app's files; start its worker, and a bridge as a user would."""

    def serve(name: str, files: Mapping[str, str], environment: Mapping[str, str]) -> None:
        folder = tmp_path / "project"
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(dedent(text))
        options = ["--pool", "solo", "-l", "info", "--without-mingle", "--without-gossip"]
        worker = spawn(
            [sys.executable, "-m", "celery", "-A", name, "worker", *options],
            env=environment,
            cwd=folder,
        )
        bridge = spawn(
            [sys.executable, "-m", "littleflow_redis", "bridge", "-A", name, "--category", "shop"],
            env={**redis_server.environment, **environment},
            cwd=folder,
        )
        worker.wait_for_output("ready.", timeout=LONG)
        bridge.wait_for_output("event=ready", timeout=LONG)

    return serve


def served(engine: Client, text: str) -> Any:
    workflow = engine.start(text)
    output = engine.wait(workflow, timeout=LONG)
    check_once(engine, workflow)
    return output


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("jobs", ONE_MODULE),
        ("shop", PACKAGE),
        ("shop.celery:app", PACKAGE),
        ("made.worker:celery_app", FACTORY),
    ],
)
def test_an_app_is_served_as_it_is(
    engine: Client,
    serve: Callable[..., None],
    celery_environment: dict[str, str],
    name: str,
    files: dict[str, str],
) -> None:
    serve(name, files, celery_environment)
    assert served(engine, "{ shop:add([1, 2]) shop:add([3, 4]) } → shop:add") == 10
    assert served(engine, "shop:of-ours") == []


def test_a_django_project_is_served_as_it_is(
    engine: Client, serve: Callable[..., None], celery_environment: dict[str, str]
) -> None:
    pytest.importorskip("django", reason="make install brings Django")
    broker, results = (
        celery_environment["CELERY_BROKER_URL"],
        celery_environment["CELERY_RESULT_BACKEND"],
    )
    serve("site1", DJANGO, {"BROKER": broker, "RESULTS": results})
    assert served(engine, "shop:add([1, 2]) → shop:add([3])") == 6
    assert served(engine, '<["a", "b"]> → shop:count') == ["a", "b"]
    assert served(engine, "shop:of-ours") == []
