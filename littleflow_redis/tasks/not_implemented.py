"""Built-in tasks that this version does not run yet: they fail at once and say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from littleflow_redis.engine.model.task_events import StartTask, end_fields


def later(task: StartTask) -> Mapping[str, Any]:
    """Fail the step, finally: another try would find the same version."""
    reason = (
        f"{task.base} is a built-in task that this version does not run yet: serve the step by a "
        "task of your own, under another category"
    )
    return end_fields(task, reason=reason, final=True)
