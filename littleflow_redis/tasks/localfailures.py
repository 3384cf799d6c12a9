"""Failed attempts in a local run: ``$retry`` and ``$on-failure``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.exception_classes import named
from littleflow_redis.language import Step

from .functions import TaskFailed


def may_retry(step: Step, attempt: int, failure: TaskFailed) -> bool:
    """Whether another attempt follows the failed one, which is counted from 1."""
    policy: Any = step.options.get("$retry")
    if not policy or failure.final or attempt > policy["limit"]:
        return False
    classes = failure.error["classes"] if failure.error else ()
    if named(policy.get("except", ()), classes):
        return False
    return not policy.get("on") or named(policy["on"], classes)


def output_of(step: Step, reason: str, error: Mapping[str, Any] | None) -> str | None:
    """The failure as an output, JSON text, if the step says `$on-failure: continue`."""
    if step.options.get("$on-failure") != "continue":
        return None
    kind, message = (error["type"], error["message"]) if error else ("Error", reason)
    return json_values.dump({"error": {"type": kind, "message": message, "step": step.name}})
