"""Durable, inspectable, restartable workflows: a small flow language, run from Redis streams.

::

    from littleflow_redis import Client

    client = Client()  # where Redis is, say REDIS_URL or REDIS_HOST and REDIS_PORT
    workflow = client.start("math:add(- [1, 2] -) → math:mul(- [10] -)")
    print(client.wait(workflow, timeout=30))

Names are loaded when they are first used, so that importing this costs nothing. Those of version
0.4 (PyPI) are added by a room that may be absent.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import extensions

if TYPE_CHECKING:
    from littleflow_redis.compat.listeners import (
        LifecycleListener as LifecycleListener,
    )
    from littleflow_redis.compat.listeners import (
        TaskEndListener as TaskEndListener,
    )
    from littleflow_redis.compat.listeners import (
        TaskStartListener as TaskStartListener,
    )
    from littleflow_redis.compat.listeners import (
        WaitTaskListener as WaitTaskListener,
    )
    from littleflow_redis.compat.workflows import (
        RedisOutputCache as RedisOutputCache,
    )
    from littleflow_redis.compat.workflows import (
        compute_vector as compute_vector,
    )
    from littleflow_redis.compat.workflows import (
        delete_workflow as delete_workflow,
    )
    from littleflow_redis.compat.workflows import (
        get_failures as get_failures,
    )
    from littleflow_redis.compat.workflows import (
        is_running as is_running,
    )
    from littleflow_redis.compat.workflows import (
        load_workflow as load_workflow,
    )
    from littleflow_redis.compat.workflows import (
        load_workflow_state as load_workflow_state,
    )
    from littleflow_redis.compat.workflows import (
        restart_workflow as restart_workflow,
    )
    from littleflow_redis.compat.workflows import (
        restore_workflow as restore_workflow,
    )
    from littleflow_redis.compat.workflows import (
        run_workflow as run_workflow,
    )
    from littleflow_redis.compat.workflows import (
        save_workflow as save_workflow,
    )
    from littleflow_redis.compat.workflows import (
        set_failures as set_failures,
    )
    from littleflow_redis.compat.workflows import (
        terminate_workflow as terminate_workflow,
    )
    from littleflow_redis.compat.workflows import (
        trace_vector as trace_vector,
    )
    from littleflow_redis.compat.workflows import (
        workflow_archive as workflow_archive,
    )
    from littleflow_redis.compat.workflows import (
        workflow_state as workflow_state,
    )
    from littleflow_redis.engine.client import Client, StartResult, StartSpec
    from littleflow_redis.engine.model.errors import (
        IdConflict,
        InProgress,
        InvalidId,
        LittleflowError,
        UnknownWorkflow,
        UnsupportedFlow,
        WorkflowFailed,
        WorkflowTerminated,
    )
    from littleflow_redis.engine.model.states import StepState, WorkflowState
    from littleflow_redis.language import Flow, FlowError, compile_text
    from littleflow_redis.tasks.local import run_local
    from littleflow_redis.tasks.task_context import current_task
    from littleflow_redis.workers.listener import TaskListener

_HOMES = {
    "engine.client": ("Client", "StartResult", "StartSpec"),
    "engine.model.errors": (
        "IdConflict",
        "InProgress",
        "InvalidId",
        "LittleflowError",
        "UnknownWorkflow",
        "UnsupportedFlow",
        "WorkflowFailed",
        "WorkflowTerminated",
    ),
    "engine.model.states": ("StepState", "WorkflowState"),
    "language": ("Flow", "FlowError", "compile_text"),
    "tasks.task_context": ("current_task",),
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
    "StartResult",
    "StartSpec",
    "StepState",
    "TaskListener",
    "UnknownWorkflow",
    "UnsupportedFlow",
    "WorkflowFailed",
    "WorkflowState",
    "WorkflowTerminated",
    "compile_text",
    "current_task",
    "run_local",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    added = extensions.find(__name__, name)
    if added is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return added


def __dir__() -> list[str]:
    return __all__
