"""What tests of these tasks share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from tests.bridges.serving import LONG
from tests.support import wait_until

#: Base classes that answer with the task that does the same, and those that refuse.
FOLLOWING = ["singleton", "heimdall"]
REFUSING = {
    "strict-singleton": "celery_singleton.exceptions.DuplicateTaskError",
    "once": "celery_once.tasks.AlreadyQueued",
    "graceful-once": "littleflow_redis.bridges.broker.answers.NotSent",
    "strict-heimdall": "celery_heimdall.errors.AlreadyQueuedError",
}


def ran(gate: Path) -> int:
    lines = Path(f"{gate}.ran")
    return len(lines.read_text().splitlines()) if lines.exists() else 0


def outcome(engine: Client, workflow: str) -> Any:
    try:
        return engine.wait(workflow, timeout=LONG)
    except WorkflowFailed as failed:
        [reason] = failed.reasons
        return reason.partition("): ")[2]


def begun(engine: Client, step: str, gate: Path) -> str:
    workflow = engine.start(step)
    wait_until(lambda: ran(gate) == 1, "the first one runs")
    return workflow
