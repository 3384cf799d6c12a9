"""The door: start workflows, look at them, wait for them."""

from __future__ import annotations

import time
from typing import Any

from ..model.errors import WorkflowFailed, WorkflowTerminated
from ..model.states import WorkflowState
from ..views.workflows import WorkflowView
from .commands import Commands
from .queries import Queries
from .starting import Starting

#: Seconds between two looks at the state while waiting: a message of the end may get lost.
WAIT_POLL = 1.0


class Client(Starting, Queries, Commands):
    """Everything that programs do with workflows. Safe to share between threads.

    ``url`` such as ``redis://user:password@host:6379/0``; without it, and without ``redis``, the
    environment says where Redis is (REDIS_URL, or REDIS_HOST, REDIS_PORT, REDIS_USERNAME,
    REDIS_PASSWORD). Ids are accepted with and without ``workflow:``.
    """

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
