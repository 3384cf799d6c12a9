"""A bridge in threads of the test's own process, and what its workflows came to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.broker.bridge_settings import BridgeSettings
from littleflow_redis.bridges.calls.call_options import CallOptions
from littleflow_redis.bridges.calls.served_app import ServedApp
from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import LONG as LONG


def bridge_of(
    client: Client,
    app: Celery,
    *categories: str,
    tasks: Iterable[str] | None = None,
    mapping: Mapping[str, str] | None = None,
    rules: CallOptions | None = None,
    **settings: Any,
) -> Bridge:
    """A bridge; ``settings`` are fields of ``BridgeSettings``."""
    names = TaskLookup(app.tasks if tasks is None else tasks, (app.main,), mapping)
    served = ServedApp(app, categories or ("math",), names, rules or CallOptions())
    return Bridge(client, served, BridgeSettings(**settings))


@contextmanager
def running(bridge: Bridge) -> Iterator[Bridge]:
    thread = threading.Thread(target=bridge.run)
    thread.start()
    try:
        yield bridge
    finally:
        bridge.stop.set()
        thread.join()


def ends(client: Client, workflow: str) -> Counter[str]:
    """How often the end of each step was applied."""
    return Counter(entry.field for entry in client.trace(workflow) if entry.what == "end")


def check_once(client: Client, workflow: str) -> None:
    """It finished, each end was applied once, and nothing is left in flight."""
    assert client.state(workflow).state is WorkflowState.FINISHED
    counted = ends(client, workflow)
    assert set(counted.values()) == {1}, counted


def in_flight(client: Client, category: str = "math") -> int:
    return client.redis.hlen(client.keys.publications + category)


def late(client: Client) -> int:
    """How many ends came for attempts that were closed before."""
    return int(client.redis.hget(client.keys.counts, "late") or 0)
