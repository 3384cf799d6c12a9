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
    from littleflow_redis.engine.client import Client
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
    "engine.client": ("Client",),
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
#: The names of littleflow_redis 0.4 (PyPI), for programs written for it.
_UPSTREAM = {
    "compat.listeners": (
        "LifecycleListener",
        "TaskEndListener",
        "TaskStartListener",
        "WaitTaskListener",
    ),
    "compat.workflows": (
        "RedisOutputCache",
        "compute_vector",
        "delete_workflow",
        "get_failures",
        "is_running",
        "load_workflow",
        "load_workflow_state",
        "restart_workflow",
        "restore_workflow",
        "run_workflow",
        "save_workflow",
        "set_failures",
        "terminate_workflow",
        "trace_vector",
        "workflow_archive",
        "workflow_state",
    ),
}
_HOME_OF = {
    name: module
    for homes in (_HOMES, _UPSTREAM)
    for module, names in homes.items()
    for name in names
}
#: Upstream's names that stand for what this version does not run yet.
_LATER = (
    "MetadataService",
    "RedisTaskListener",
    "RequestTaskListener",
    "create_jwt_credential_actor",
)

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
    "current_task",
    "run_local",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        # Not an AttributeError: that would lose the sentence in `from littleflow_redis import …`.
        raise ImportError(
            f"littleflow_redis.{name}: request and redis tasks are not run by this version yet; "
            "serve them by a listener of your own, such as TaskListener"
        )
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
