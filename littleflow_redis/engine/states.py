"""The documented import path of :mod:`littleflow_redis.engine.model.states`."""

from __future__ import annotations

from .model.states import (
    Outcome,
    StepState,
    WorkflowState,
)

__all__ = [
    "Outcome",
    "StepState",
    "WorkflowState",
]
