"""Functions on workflows, in upstream's call forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

from redis import Redis

from littleflow_redis.engine.archive import document
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model import json_values, records
from littleflow_redis.engine.model.errors import NotRestartable, UnknownWorkflow
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.store.keys import OUTPUT, Keys
from littleflow_redis.language import from_littleflow, save

from . import upstream_state, vectors

if TYPE_CHECKING:
    import littleflow
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.int_]


class Stream(Protocol):
    """An EventClient: ours, or that of the package rqse."""

    _stream_key: str

    @property
    def connection(self) -> Redis: ...

    def append(self, data: Mapping[str, Any]) -> Any: ...


def client_of(client: Redis, **keys: str) -> Client:
    """Our client on a client of Redis."""
    return Client(redis=client, keys=Keys(**keys))


def client_on(stream: Stream, prefix: str = "") -> Client:
    """Our client on the Redis and the stream of an EventClient."""
    if prefix:
        raise ValueError(
            f"prefix {prefix!r}: a workflow's keys have no prefix of their own here; a namespace "
            "for all keys is given to Client(keys=Keys(namespace=…))"
        )
    return client_of(stream.connection, stream=stream._stream_key)


def run_workflow(
    workflow: str | littleflow.Flow,
    event_client: Stream,
    input: Any = None,
    workflow_id: str | None = None,
    prefix: str = "",
) -> str:
    """Start a workflow; return its id. An id that is in use is refused, not overwritten."""
    return client_on(event_client, prefix).start(workflow, input, workflow_id=workflow_id)


def restart_workflow(event_client: Stream, key: str, workflow_id: str) -> bool:  # noqa: ARG001
    """Restart a workflow; return False if there is nothing to restart."""
    try:
        client_on(event_client).restart(key)
    except NotRestartable:
        return False
    return True


def terminate_workflow(
    event_client: Stream,
    key: str,
    workflow_id: str,  # noqa: ARG001
    inprogress_key: str | None = None,  # noqa: ARG001
) -> bool | None:
    """Terminate a workflow; return whether it is TERMINATED, None if there is none."""
    try:
        return client_on(event_client).terminate(key) is WorkflowState.TERMINATED
    except UnknownWorkflow:
        return None


def delete_workflow(client: Redis, key: str, workflows_key: str | None = None) -> None:
    """Delete a workflow, whatever its state; nothing happens if there is none."""
    ours = client_of(client, **({"workflows": workflows_key} if workflows_key else {}))
    try:
        # The first call lets end what runs, the second one does not.
        while not ours.views.state(ours.keys.full_id(key)).ended:
            ours.terminate(key)
        ours.delete(key)
    except UnknownWorkflow:
        return


def restore_workflow(
    client: Redis, key: str, archive: Mapping[str, Any], workflows_key: str | None = None
) -> None:
    """Restore a workflow under this id, as TERMINATED. The archive is left as it is."""
    ours = client_of(client, **({"workflows": workflows_key} if workflows_key else {}))
    ours.restore(archive, workflow_id=key)


def workflow_archive(client: Redis, key: str) -> dict[str, Any]:
    """An archive of ours that has upstream's members F, T, S and A too. Raises OSError."""
    try:
        return upstream_state.archive(client_of(client), key)
    except UnknownWorkflow as error:
        raise OSError(f"No workflow value at {key}") from error


def workflow_state(client: Redis, key: str, default: Any = None) -> Any:
    """The state of a workflow as a text, ``default`` if there is none."""
    ours = client_of(client)
    try:
        return str(ours.views.state(ours.keys.full_id(key)))
    except UnknownWorkflow:
        return default


def is_running(client: Redis, key: str) -> bool:
    """Whether a workflow is RUNNING."""
    return bool(workflow_state(client, key) == WorkflowState.RUNNING)


def save_workflow(client: Redis, flow: littleflow.Flow, key: str) -> None:
    """Store a flow under an id as a TERMINATED workflow; a restart begins it."""
    archive = {
        "format": document.FORMAT,
        "version": document.VERSION,
        "form": records.VERSION,
        "state": WorkflowState.TERMINATED,
        "flow": save(from_littleflow(flow)),
        "steps": {},
        "tokens": {"0": 1},
    }
    client_of(client).restore(archive, workflow_id=key)


@overload
def load_workflow(
    client: Redis, key: str, return_json: Literal[False] = ...
) -> littleflow.Flow: ...
@overload
def load_workflow(
    client: Redis, key: str, return_json: Literal[True]
) -> tuple[littleflow.Flow, dict[str, Any]]: ...
def load_workflow(client: Redis, key: str, return_json: bool = False) -> Any:
    """The flow of a workflow as littleflow has it, without what that cannot express.

    Raises OSError if there is none.
    """
    import littleflow
    import numpy as np

    ours = client_of(client)
    try:
        flow = ours.views.flow(ours.keys.full_id(key))
    except UnknownWorkflow as error:
        raise OSError(f"No workflow value at {key}") from error
    matrix = np.zeros((len(flow), len(flow)), dtype=int)
    for source, target in flow.edges:
        matrix[source, target] = 1
    saved = {"F": matrix.tolist(), "T": save(flow, text=False)["T"]}
    made = littleflow.Flow(serialized=saved, name=flow.name)
    return (made, saved) if return_json else made


def load_workflow_state(event_client: Stream, key: str, workflow_id: str) -> littleflow.Context:  # noqa: ARG001
    """A picture of a workflow as a littleflow Context: flow, S, A, and outputs as its cache.

    Raises OSError if there is none. To change the picture changes nothing in Redis.
    """
    import littleflow

    client = event_client.connection
    return littleflow.Context(
        load_workflow(client, key),
        state=compute_vector(client, key + ":S"),
        activation=compute_vector(client, key + ":A"),
        cache=RedisOutputCache(client, key),
    )


def compute_vector(client: Redis, key: str) -> Vector | None:
    """The vector at ``<id>:S`` or ``<id>:A`` as a column, None if there is no such workflow."""
    import numpy as np

    workflow, name = _vector_key(key)
    try:
        arrived, started = vectors.current(client_of(client).state(workflow))
    except UnknownWorkflow:
        return None
    return np.array(started if name == "S" else arrived, dtype=int).reshape((-1, 1))


def trace_vector(client: Redis, key: str) -> Iterator[tuple[datetime, Vector]]:
    """The changes of ``<id>:S`` or ``<id>:A``, newest first."""
    import numpy as np

    workflow, name = _vector_key(key)
    ours = client_of(client)
    try:
        deltas = _deltas(ours, workflow, name)
        size = len(ours.views.flow(ours.keys.full_id(workflow)))
    except UnknownWorkflow:
        return
    for delta in reversed(deltas):
        yield delta.at, np.array(vectors.vector(delta.steps, size), dtype=int)


def get_failures(client: Redis, key: str) -> Vector | None:
    """A vector with 1 for each step that failed, None if none did."""
    import numpy as np

    try:
        steps = client_of(client).state(key).steps
    except UnknownWorkflow:
        return None
    failed = [int(step.state is StepState.FAILED) for step in steps]
    return np.array(failed, dtype=int) if any(failed) else None


def set_failures(client: Redis, key: str, failures: Vector) -> None:
    """Report what is open of these steps as failed; the lifecycle worker does the rest."""
    ours = client_of(client)
    view = ours.state(key)
    for step, failed in zip(view.steps, failures.flatten(), strict=True):
        if failed and step.open:
            fields = {"workflow": view.id, "index": step.index, "name": step.name}
            reason = "set_failures said so"
            ours.send_event("end-task", {**fields, "status": "FAILURE", "reason": reason})


class RedisOutputCache:
    """The outputs of a workflow's steps by index; -1 is its input.

    A listener hands its output over by setting it before it appends the end-task.
    """

    def __init__(self, client: Redis, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, index: int, default: Any = None) -> Any:
        """The output of a step, ``default`` if it has none."""
        text: Any = self._client.get(f"{self._prefix}{OUTPUT}{index}")
        return default if text is None else json_values.load(text)

    def __getitem__(self, index: int) -> Any:
        text: Any = self._client.get(f"{self._prefix}{OUTPUT}{index}")
        if text is None:
            raise KeyError(index)
        return json_values.load(text)

    def __setitem__(self, index: int, value: Any) -> None:
        self._client.set(f"{self._prefix}{OUTPUT}{index}", json_values.dump(value))


def _vector_key(key: str) -> tuple[str, str]:
    workflow, _, name = key.rpartition(":")
    if name not in ("S", "A") or not workflow:
        raise ValueError(f"{key!r}: a vector's key is a workflow's, with :S or :A behind")
    return workflow, name


def _deltas(ours: Client, workflow: str, name: str) -> list[vectors.Delta]:
    view = ours.state(workflow)
    arrived, started = vectors.history(ours.views.flow(view.id), view, ours.trace(workflow))
    return started if name == "S" else arrived
