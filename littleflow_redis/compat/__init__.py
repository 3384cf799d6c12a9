"""All that exists for programs written for littleflow_redis 0.4 or rqse (PyPI).

Functions and listeners of 0.4 are thin layers over :class:`littleflow_redis.Client`, which new
programs use; keys are full ids, ``workflow:…``, as in 0.4. ``docs/reference/upstream.md`` maps each
name. No other room imports this one, which can be deleted: the others look into ``EXTENSIONS``,
see :mod:`littleflow_redis.extensions`.
"""

from __future__ import annotations

#: Point → name → module of this package.
EXTENSIONS = {
    "littleflow_redis": {
        "LifecycleListener": "listeners",
        "TaskEndListener": "listeners",
        "TaskStartListener": "listeners",
        "WaitTaskListener": "listeners",
        "RedisOutputCache": "workflows",
        "compute_vector": "workflows",
        "delete_workflow": "workflows",
        "get_failures": "workflows",
        "is_running": "workflows",
        "load_workflow": "workflows",
        "load_workflow_state": "workflows",
        "restart_workflow": "workflows",
        "restore_workflow": "workflows",
        "run_workflow": "workflows",
        "save_workflow": "workflows",
        "set_failures": "workflows",
        "terminate_workflow": "workflows",
        "trace_vector": "workflows",
        "workflow_archive": "workflows",
        "workflow_state": "workflows",
        "MetadataService": "not_served",
        "RedisTaskListener": "not_served",
        "RequestTaskListener": "not_served",
        "create_jwt_credential_actor": "not_served",
    },
    "littleflow_redis.events": {
        "EventClient": "rqse.client",
        "EventListener": "rqse.listener",
        "ReceiptListener": "rqse.receipts",
        "ReceiptLog": "rqse.receipts",
    },
    # Callables (client, workflow, archive) → archive, with members for other readers.
    "api.archive": {"add_upstream_members": "upstream_state"},
    # Blueprints.
    "api.routes": {"blp": "api"},
    # Callables document → document in our form; what they do not know they return as it is.
    "archive.forms": {"converted": "archive_v0"},
    # A callable view → the vectors A and S, for `inspect --vectors`.
    "cli.inspect": {"current": "vectors"},
}
