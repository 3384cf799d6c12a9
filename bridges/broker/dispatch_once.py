"""From start-tasks that must not run twice to published tasks: each is sent once, or is in doubt.

A process that finds one *recorded* by another cannot know whether it was sent: ``claim_attempt``
has its step fail. So a job is recorded only when there is a connection, right before it is sent,
and its answer is remembered until it is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from celery.exceptions import WorkerLostError

from .bridge_context import BridgeContext
from .publish_once import Doubt, PublisherOnce
from .settle import Job, Settle

#: Stands for an answer that never came: the thread that sent it was ended.
_INTERRUPTED = "nothing is known of it; $on-lost: fail forbids to send it again"


class DispatchOnce:
    """Publishes such jobs of one category; ``claim`` records jobs and returns those that may go."""

    def __init__(
        self, bridge: BridgeContext, settle: Settle, claim: Callable[[Sequence[Job]], list[Job]]
    ) -> None:
        self._publisher = PublisherOnce(bridge.served.app)
        self._settle = settle
        self._claim = claim
        self._tried = bridge.tried

    def send(self, jobs: Sequence[Job]) -> None:
        """Publish jobs, each of which has a call; all that is decided is acknowledged.

        Raises RedisError, and BrokerUnreachable, after which the others were not recorded.
        """
        left = [job for job in jobs if job.id not in self._tried]
        self._settle_tried(jobs)
        # An event that was delivered twice is one call.
        calls = {job.id: job.call for job in left if job.call}
        if not calls:
            return
        with self._publisher.connected() as producer:
            for group in self._publisher.groups([*calls.values()], producer):
                ids = {call.id for call in group}
                claimed = self._claim([job for job in left if job.id in ids])
                sent = {job.id: job.call for job in claimed if job.call}
                doubts = [Doubt(call, WorkerLostError(_INTERRUPTED)) for call in sent.values()]
                self._tried |= {doubt.call.id: [doubt] for doubt in doubts}
                answers = self._publisher.publish([*sent.values()], producer)
                self._tried |= {id: [] for id in sent}
                self._tried |= {answer.call.id: [answer] for answer in answers}
                self._settle_tried(claimed)

    def _settle_tried(self, jobs: Sequence[Job]) -> None:
        tried = [job for job in jobs if job.id in self._tried]
        if tried:
            ids = {job.id for job in tried}
            self._settle.sent(tried, [a for id in ids for a in self._tried[id]])
            for id in ids:
                del self._tried[id]
