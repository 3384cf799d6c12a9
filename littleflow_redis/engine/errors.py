"""The documented import path of :mod:`littleflow_redis.engine.model.errors`."""

from __future__ import annotations

from .model.errors import (
    BadArchive,
    BadQuery,
    CannotRetry,
    EventTooLarge,
    IdConflict,
    InProgress,
    InvalidId,
    LittleflowError,
    NewerVersion,
    NoSource,
    NotRestartable,
    UnknownDeadLetter,
    UnknownStep,
    UnknownWorkflow,
    UnsupportedFlow,
    WorkflowFailed,
    WorkflowTerminated,
)

__all__ = [
    "BadArchive",
    "BadQuery",
    "CannotRetry",
    "EventTooLarge",
    "IdConflict",
    "InProgress",
    "InvalidId",
    "LittleflowError",
    "NewerVersion",
    "NoSource",
    "NotRestartable",
    "UnknownDeadLetter",
    "UnknownStep",
    "UnknownWorkflow",
    "UnsupportedFlow",
    "WorkflowFailed",
    "WorkflowTerminated",
]
