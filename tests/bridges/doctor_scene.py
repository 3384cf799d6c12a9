"""Apps for `doctor` to look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.bridges.doctor import (
    Finding,
    Subject,
    examine,
)
from littleflow_redis.engine.client import Client
from littleflow_redis.language import compile_text
from tests.support import Spawned

Run = Callable[..., Spawned]

#: What an app sets that is well.
WELL = {
    "task_track_started": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_time_limit": 600,
    "result_backend_always_retry": True,
}


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


def work() -> None:
    """What the tasks do."""


def subject(engine: Client, app: Celery, *texts: str, **settings: object) -> Subject:
    """An app with two tasks of its own, which have these settings."""
    own = Celery("shop", set_as_current=False)
    own.conf.update(broker_url=app.conf.broker_url, result_backend=app.conf.result_backend)
    own.conf.update(WELL | settings)
    for name in ("shop.pack", "shop.send"):
        own.task(name=name, shared=False)(work)
    own.finalize()
    names = TaskLookup([name for name in own.tasks if name.startswith("shop.")], ("shop",))
    flows = {f"{number}.flow": compile_text(text) for number, text in enumerate(texts)}
    # Workers are not to be waited for, but where a test says so.
    return Subject(engine, own, ["shop"], names, "shop_tasks:app", flows, patience=0.0)


def found(subject: Subject, check: str) -> list[Finding]:
    return examine(subject, [check])
