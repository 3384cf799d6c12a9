"""From start-tasks to published Celery tasks: claim, publish, mark.

``claim_attempt`` records the publication before anything is sent, under a Celery id that it alone
has; mark and acknowledgement are one script. Whoever is handed the entry of a bridge that died in
between finds the publication *recorded* and publishes under the same id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from redis.exceptions import ResponseError

from littleflow_redis.engine.model.script_results import Publication, Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.script_batch import Call
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.version_skew import VersionSkew

from ..calls.call_builder import CallBuilder, Misfit
from ..calls.task_ids import celery_id
from .bridge_context import BridgeContext
from .dispatch_once import DispatchOnce
from .publish import BrokerUnreachable, Publisher
from .results import ResultsUnreachable
from .settle import Job, Settle

LOG = logging.getLogger("littleflow_redis.bridge")

#: Seconds between two tries to reach the broker.
BROKER_WAIT = 1.0


class Dispatch:
    """Publishes the tasks of one category; ``reader`` is the consumer that was handed them."""

    def __init__(
        self, bridge: BridgeContext, category: str, reader: GroupReader, stop: Stop
    ) -> None:
        self.category = category
        self.reader = reader
        self._engine = bridge.engine
        self._transitions = bridge.engine.transitions
        self._served = served = bridge.served
        self._calls = CallBuilder(served.app, served.names, served.rules)
        self._publisher = Publisher(served.app)
        self._publications = bridge.publications
        self._results = bridge.results
        self._stop = stop
        self._settle = Settle(bridge.engine, category, reader, bridge.publications)
        self._once = DispatchOnce(bridge, self._settle, self._claim)
        self._newer = VersionSkew(LOG)
        self._broker_lost: float | None = None

    @property
    def published(self) -> int:
        """How many tasks are with the broker."""
        return self._settle.published

    def send(self, tasks: Sequence[StartTask]) -> None:
        """Publish tasks; all that is decided is acknowledged.

        Waits for the broker if need be, until stopped. Raises RedisError.
        """
        jobs = [self._job(task) for task in tasks]
        once = [job for job in jobs if job.task.once and job.call]
        self._send_once(once)
        claimed = self._claim([job for job in jobs if job not in once])
        self._settle.refuse([job for job in claimed if job.call is None])
        self._publish([job for job in claimed if job.call])

    def _job(self, task: StartTask) -> Job:
        id = celery_id(self.category, task.workflow, task.index, task.token)
        try:
            return Job(task, id, self._calls.call(task, id))
        except Misfit as error:
            return Job(task, id, reason=str(error))

    def _claim(self, jobs: Sequence[Job]) -> list[Job]:
        """Ask for each job if it may be begun, in one round trip; return those that may."""
        reports = self._transitions.run([self._claim_call(job) for job in jobs])
        by_outcome: dict[Outcome | None, list[Job]] = {}
        for job, report in zip(jobs, reports, strict=True):
            by_outcome.setdefault(self._outcome(job, report), []).append(job)
        by_outcome.pop(None, None)
        fresh, recorded = (by_outcome.pop(one, []) for one in (Outcome.APPLIED, Outcome.RECORDED))
        # Of those that must not run twice only this process has recorded some, and sent none.
        fresh += [job for job in recorded if job.task.once]
        again = [replace(job, again=True) for job in recorded if not job.task.once]
        for job in (*fresh, *again):
            if job.call:
                self._publications.add(job.id, job.task)
        self.reader.ack([job.task.event for settled in by_outcome.values() for job in settled])
        return fresh + self._unseen(again)

    def _claim_call(self, job: Job) -> Call:
        publication = Publication(self.category, job.id) if job.call else None
        queued = job.call is not None and self._served.reports_start(job.call.task)
        return self._transitions.claim_attempt(
            job.task, self.reader.group, self.reader.consumer, publication, queued=queued
        )

    def _outcome(self, job: Job, report: Report | Exception) -> Outcome | None:
        """The outcome of a claim; None leaves the event pending, to be tried again later."""
        task = job.task
        if isinstance(report, Report):
            if report.outcome is not Outcome.NEWER:
                return report.outcome
            self._newer.leave(task.workflow)
        elif not isinstance(report, ResponseError) or is_temporary(report):
            raise report
        else:
            LOG.error(kv("take-failed", workflow=task.workflow, step=task.index, reason=report))
        return None

    def _unseen(self, jobs: Sequence[Job]) -> list[Job]:
        """Of jobs found *recorded* those that no worker has seen; the others are only marked."""
        try:
            seen = {result.id for result in self._results.fetch([job.id for job in jobs])}
        except ResultsUnreachable:
            seen = set()
        self._settle.mark([job for job in jobs if job.id in seen])
        return [job for job in jobs if job.id not in seen]

    def _send_once(self, jobs: Sequence[Job]) -> None:
        while jobs:
            try:
                self._once.send(jobs)
            except BrokerUnreachable as error:
                if not self._wait_for_broker(error):
                    self.reader.release([job.task.event for job in jobs])
                    return
            else:
                self._broker_found()
                return

    def _publish(self, jobs: list[Job]) -> None:
        while jobs:
            try:
                # An event that was delivered twice is one call.
                calls = {job.id: job.call for job in jobs if job.call}
                answers = self._publisher.publish(list(calls.values()))
            except BrokerUnreachable as error:
                if not self._wait_for_broker(error):
                    self.reader.release([job.task.event for job in jobs])
                    return
                # Some may have been cancelled meanwhile.
                jobs = self._claim(jobs)
            else:
                self._broker_found()
                self._settle.sent(jobs, answers)
                return

    def _wait_for_broker(self, error: BrokerUnreachable) -> bool:
        """Pause before the next try; False if it is time to end."""
        if self._broker_lost is None:
            self._broker_lost = time.monotonic()
            hint = f"trying again every {BROKER_WAIT:g} s"
            LOG.warning(kv("broker-waiting", category=self.category, reason=error, next=hint))
        return not self._stop.wait(BROKER_WAIT)

    def _broker_found(self) -> None:
        if self._broker_lost is not None:
            waited = time.monotonic() - self._broker_lost
            self._broker_lost = None
            LOG.info(kv("broker-connected", category=self.category, waited=waited))
