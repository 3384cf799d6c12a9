"""The door: start workflows, look at them, wait for them."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import TimeoutError as LostReply

from littleflow_redis.language import Flow, compile_text, from_littleflow

from ..builtins.unsupported import unsupported
from ..model.errors import IdConflict, WorkflowFailed, WorkflowTerminated
from ..model.script_results import Report
from ..model.states import Outcome, WorkflowState
from ..store.flows import MAX_CACHED, FlowEncoder
from ..store.inputs import first_input
from ..store.keys import Keys
from ..views.workflows import WorkflowView
from .base import new_id
from .commands import Commands
from .queries import Queries

if TYPE_CHECKING:
    import littleflow

#: Seconds between two looks at the state while waiting: a message of the end may get lost.
WAIT_POLL = 1.0


class Client(Queries, Commands):
    """Everything that programs do with workflows. Safe to share between threads.

    ``url`` such as ``redis://user:password@host:6379/0``; without it, and without ``redis``, the
    environment says where Redis is (REDIS_URL, or REDIS_HOST, REDIS_PORT, REDIS_USERNAME,
    REDIS_PASSWORD). Ids are accepted with and without ``workflow:``.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        redis: Redis | None = None,
        keys: Keys | None = None,
    ) -> None:
        super().__init__(url, redis=redis, keys=keys)
        self._packer = FlowEncoder()
        #: Flows that Redis has, by digest.
        self._stored: set[str] = set()

    def start(
        self,
        workflow: str | os.PathLike[str] | Flow | littleflow.Flow,
        input: Any = None,
        *,
        workflow_id: str | None = None,
    ) -> str:
        """Start a workflow and return its full id.

        ``workflow`` is a text, the path of a file (as path-like), or a compiled flow. ``input`` is
        a JSON value, merged over the flow's default input if both are objects. ``workflow_id`` is
        an idempotency key: the same id with the same text and input is the same workflow.

        Raises FlowError for a text that does not compile, UnsupportedFlow for what this version
        cannot run, IdConflict, InvalidId, BadValue for an input that is no JSON.
        """
        flow = as_flow(workflow)
        unsupported(flow)
        name = flow.name or ""
        id = self.keys.full_id(workflow_id or new_id(flow))
        text = first_input(flow, input)
        digest, fields = self._packer.pack(flow)
        same = hashlib.sha256(f"{digest}\n{text}".encode()).hexdigest()[:32]

        def start() -> Report:
            return self.transitions.start(
                id,
                digest=same,
                flow_digest=digest,
                nonce=secrets.token_hex(4),
                name=name,
                input=text,
                flow=() if digest in self._stored else fields,
            )

        # The id is drawn, so a start whose reply was lost is found again, not repeated.
        while (report := self.patiently(start)).outcome is Outcome.NEED_FLOW:
            self._stored.discard(digest)
        return self._started(id, digest, report)

    def _started(self, id: str, digest: str, report: Report) -> str:
        if report.outcome is Outcome.CONFLICT:
            raise IdConflict(
                f"{id} was started before with another text or input: give another workflow_id, "
                "or none"
            )
        if len(self._stored) >= MAX_CACHED:
            # Each is sent once more; of so many, the packer has not kept them either.
            self._stored.clear()
        self._stored.add(digest)
        # It runs, whatever comes now: who got an error for it would start another. A worker fires
        # what is ready a second later.
        with suppress(LostConnection, LostReply):
            self.settle(report)
        return id

    def wait(self, workflow: str, timeout: float | None = None) -> Any:
        """Wait for the end, ``timeout`` seconds at most, and return the final output.

        Raises WorkflowFailed, WorkflowTerminated, TimeoutError, UnknownWorkflow.
        """
        id = self.keys.full_id(workflow)
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.redis.pubsub(ignore_subscribe_messages=True) as done:
            # Subscribe first: an end between the look and the subscription would go unseen.
            done.subscribe(self.keys.done + id)
            while not self.views.state(id).ended:
                left = WAIT_POLL if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{id} did not end within {timeout} s")
                done.get_message(timeout=min(left, WAIT_POLL))
        return self._outcome(self.views.workflow(id))

    @staticmethod
    def _outcome(view: WorkflowView) -> Any:
        if view.state is WorkflowState.FAILED:
            raise WorkflowFailed(view.id, view.reasons)
        if view.state is WorkflowState.TERMINATED:
            raise WorkflowTerminated(view.id)
        return view.output


def as_flow(workflow: str | os.PathLike[str] | Flow | littleflow.Flow) -> Flow:
    """Compile a text or a file, or take a flow in either form. Raises FlowError, OSError."""
    if isinstance(workflow, Flow):
        return workflow
    if isinstance(workflow, str):
        return compile_text(workflow)
    if isinstance(workflow, os.PathLike):
        path = Path(workflow)
        return compile_text(path.read_text(encoding="utf-8"), filename=str(path))
    return from_littleflow(workflow)
