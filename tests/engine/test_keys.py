"""Key names: whatever they are, scripts and Python mean the same keys."""

from __future__ import annotations

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import InvalidId
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .support import Player, drive


@pytest.mark.parametrize(
    "keys",
    [
        Keys(namespace="APP_VERSION2:"),
        Keys(namespace="VERSION.WIDTH:"),
        Keys(namespace="Dynamic.STATE:"),
        Keys(stream="wörk:run", workflows="âll", inprogress="🏃"),
        Keys(stream='a "quoted" \\name\\', workflows="line\n\x01\x7f1\t"),
    ],
)
def test_workflows_run_under_any_names(client: redis.Redis, keys: Keys) -> None:
    """Start-tasks went where no worker reads.

    The version's number was put into names of keys that have VERSION in them, and JSON's escapes,
    which Lua does not know, into those with other letters: `wörk:run` became `wu00f6rk:run`.
    """
    engine = Client(redis=client, keys=keys)
    worker, player = LifecycleWorker(engine), Player(engine)
    worker.reader.ensure()
    workflow = engine.start("{ A B } → ? `$[?(@.a=1)]` C", workflow_id="w")
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    names = {name.decode() for name in client.keys("*")}
    assert {keys.events, keys.all} < names
    assert all(name.startswith(keys.namespace) for name in names)
    ours = {keys.events, keys.all, keys.running}
    assert all("workflow" in name for name in names - ours)


@pytest.mark.parametrize(
    ("namespace", "given", "full"),
    [
        ("", "42", "workflow:42"),
        ("", "workflow:42", "workflow:42"),
        ("shop", "42", "shopworkflow:42"),
        ("shop", "workflow:42", "shopworkflow:42"),
        ("shop", "shopworkflow:42", "shopworkflow:42"),
        ("shop", "shop42", "shopworkflow:shop42"),
        ("shop:", "workflow:shop.42", "shop:workflow:shop.42"),
        ("workflow:", "workflow:workflow:42", "workflow:workflow:42"),
    ],
)
def test_an_id_in_any_of_its_forms(namespace: str, given: str, full: str) -> None:
    """Under the namespace `shop`, `shop42` and `42` were one workflow: the second never started."""
    assert Keys(namespace).full_id(given) == full
    assert Keys(namespace).full_id(full) == full


@pytest.mark.parametrize("given", ["shop:42", "workflow:", "shop:workflow:workflow:42"])
def test_what_is_no_id_of_the_namespace(given: str) -> None:
    with pytest.raises(InvalidId):
        Keys("shop:").full_id(given)
