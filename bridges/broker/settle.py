"""Jobs after publishing: marked as sent, ended, or left to be tried again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.logs import kv

from ..calls.task_call import TaskCall
from ..ends.end_events import failure_fields, result_fields
from .answers import Answer, Ended, Instead, Refusal
from .publications import Publications

LOG = logging.getLogger("littleflow_redis.bridge")

#: Seconds for which a task that may have been sent before is not refused for good: by then its end
#: is known, or the lock that stands in its way is over (celery-once and celery-heimdall hold one
#: for so long).
DOUBT = 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """A step to be run: the call that runs it under this Celery id, or why none can.

    ``again`` says that it may have been sent before: whoever was about to died, or had no answer.
    """

    task: StartTask
    id: str
    call: TaskCall | None = None
    reason: str = ""
    again: bool = False


class Settle:
    """Settles the jobs of one category; ``reader`` is the consumer that was handed them."""

    def __init__(
        self,
        engine: EngineContext,
        category: str,
        reader: GroupReader,
        publications: Publications,
    ) -> None:
        self.published = 0
        self._engine = engine
        self._transitions = engine.transitions
        self._category = category
        self._reader = reader
        self._publications = publications

    def sent(self, jobs: Sequence[Job], answers: Sequence[Answer]) -> None:
        """Settle jobs: all are with the broker, but for what was answered of some."""
        by_id = {answer.call.id: answer for answer in answers}
        sent: list[Job] = []
        ends: list[tuple[Job, dict[str, str]]] = []
        for job in jobs:
            match by_id.get(job.id):
                case None | Instead():
                    sent.append(job)
                case Refusal(ours=True) if job.again:
                    sent.append(job)
                case Refusal(final=False) | Ended(ran=False) as answer if self._in_doubt(job):
                    hint = "its result is looked for, and it is asked again"
                    LOG.warning(kv("sent-before", task=job.id, answer=answer.reason, next=hint))
                case Refusal() as answer:
                    self._log(job, answer.reason)
                    fields = failure_fields(
                        job.task, answer.reason, answer.task_error, final=answer.final
                    )
                    ends.append((job, fields))
                case Ended() as answer:
                    self._log(job, answer.reason)
                    ends.append((job, result_fields(job.task, answer.result)))
        self.mark(sent, [answer for answer in answers if isinstance(answer, Instead)])
        self._end(ends)

    def _in_doubt(self, job: Job) -> bool:
        """Whether the task may be in its own way: what was sent before holds the lock of its class.

        Its event stays pending then, and comes again to whoever claims it.
        """
        if not job.again:
            return False
        sent = int(job.task.event.partition("-")[0]) / 1000
        return float(self._engine.redis.time()[0]) - sent < DOUBT

    def mark(self, jobs: Sequence[Job], instead: Sequence[Instead] = ()) -> None:
        for answer in instead:
            self._publications.follow(answer.call.id, answer.returned)
        follows = {answer.call.id: answer.ids for answer in instead}
        publications = [
            (Publication(self._category, job.id, follows.get(job.id, "")), job.task.event)
            for job in jobs
        ]
        self._transitions.mark_published(self._reader.group, publications)
        self.published += len(publications)
        # Whoever begins such a task reports it under another id: it waits in no queue of ours.
        marks = [self._transitions.mark_started(job.task, "") for job in jobs if job.id in follows]
        if marks:
            self._transitions.run(marks)

    def refuse(self, jobs: Sequence[Job]) -> None:
        """End jobs for which there is no call."""
        for job in jobs:
            self._log(job, job.reason)
        self._end([(job, failure_fields(job.task, job.reason, final=True)) for job in jobs])

    def _end(self, ends: Sequence[tuple[Job, dict[str, str]]]) -> None:
        if not ends:
            return
        # An event that was delivered twice is one end.
        fields = {job.id: end for job, end in ends}
        events = [job.task.event for job, _ in ends if job.task.event]
        # One MULTI: an end without the acknowledgement would be sent again, and the reverse lost.
        with self._engine.redis.pipeline(transaction=True) as pipe:
            for end in fields.values():
                pipe.xadd(self._engine.keys.events, cast("Any", end))
            if events:
                pipe.xack(self._engine.keys.events, self._reader.group, *events)
            pipe.execute()

    def _log(self, job: Job, reason: str) -> None:
        about = {"workflow": job.task.workflow, "step": job.task.index}
        LOG.warning(kv("not-published", **about, reason=reason))
