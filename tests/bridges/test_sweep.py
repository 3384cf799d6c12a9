"""Whose flights a sweep takes over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from celery import Celery

from littleflow_redis.bridges.broker.bridge_context import BridgeContext
from littleflow_redis.bridges.broker.bridge_settings import BridgeSettings
from littleflow_redis.bridges.broker.result_sweeper import ResultSweeper
from littleflow_redis.bridges.broker.revoke import Revoker
from littleflow_redis.bridges.calls.served_app import ServedApp
from littleflow_redis.bridges.calls.task_ids import celery_id
from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.task_events import start_task
from littleflow_redis.events.group import GroupReader

GROUP = "bridge:math"


def test_a_bridge_that_begins_meanwhile_keeps_what_it_takes(
    engine: Client, app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who else is at work was asked before the flights were read: of a bridge that took its first
    one in between, the ends were told twice.
    """
    served = ServedApp(app, ["math"], TaskLookup(app.tasks))
    settings = BridgeSettings(claim_idle=60.0, revoke_for=60.0)
    bridge = BridgeContext.create(engine.context, served, settings)
    sweep = ResultSweeper(bridge, Revoker(app))
    engine.start("math:add([2, 3])")
    scan = sweep._scan

    def begin_and_scan(category: str) -> Iterator[Mapping[str, bytes]]:
        reader = GroupReader(engine.redis, engine.keys.events, GROUP, "other")
        reader.ensure()
        for entry in reader.read(10):
            if entry.fields[b"kind"] == b'"start-task"':
                task = start_task(entry.id, entry.fields)
                id = celery_id("math", task.workflow, task.index, task.token)
                take = engine.transitions.claim_attempt(
                    task, GROUP, "other", Publication("math", id)
                )
                engine.transitions.run([take])
        yield from scan(category)

    monkeypatch.setattr(sweep, "_scan", begin_and_scan)
    list(sweep.pages())
    assert engine.redis.hlen(engine.keys.publications + "math") == 1
    assert bridge.publications.ids == set()
