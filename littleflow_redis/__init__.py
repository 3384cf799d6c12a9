"""Durable, inspectable, restartable workflows: a small flow language, run from Redis streams.

::

    from littleflow_redis import Client

    client = Client()  # where Redis is, say REDIS_URL or REDIS_HOST and REDIS_PORT
    workflow = client.start("math:add(- [1, 2] -) → math:mul(- [10] -)")
    print(client.wait(workflow, timeout=30))

Names are loaded when they are first used, so that importing this costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.client import Client
    from .engine.errors import (
        IdConflict,
        InProgress,
        InvalidId,
        LittleflowError,
        UnknownWorkflow,
        UnsupportedFlow,
        WorkflowFailed,
        WorkflowTerminated,
    )
    from .engine.states import StepState, WorkflowState
    from .language import Flow, FlowError, compile_text
    from .tasks.local import run_local
    from .workers.listener import TaskListener

_HOMES = {
    "engine.client": ("Client",),
    "engine.errors": (
        "IdConflict",
        "InProgress",
        "InvalidId",
        "LittleflowError",
        "UnknownWorkflow",
        "UnsupportedFlow",
        "WorkflowFailed",
        "WorkflowTerminated",
    ),
    "engine.states": ("StepState", "WorkflowState"),
    "language": ("Flow", "FlowError", "compile_text"),
    "tasks.local": ("run_local",),
    "workers.listener": ("TaskListener",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Client",
    "Flow",
    "FlowError",
    "IdConflict",
    "InProgress",
    "InvalidId",
    "LittleflowError",
    "StepState",
    "TaskListener",
    "UnknownWorkflow",
    "UnsupportedFlow",
    "WorkflowFailed",
    "WorkflowState",
    "WorkflowTerminated",
    "compile_text",
    "run_local",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
